"""Whatever arrives, Phase 1 ends soon and breaks nowhere."""

from time import thread_time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.decide import decide
from routing.tests.engine.given import DEFAULTS, defaults, policy, request, shipped, surroundings, user

MANY = 200_000
MOST_TAGS = 10_000  # that an admin may list
PIECES = [
    *(
        "<",
        "<env>",
        "<env></env>",
        "<a>x</a>",
        "<task>",
        "<task></task>",
        "<env a",
        "</env>",
        "[INST]",
        "You are a \nUser:",
    ),
    *("`", "```", "``` ", '"', '"a ', "'", "'a ", " 'a", "a'", "“a", "«a", "„a"),
    *(".py", "a.py ", "/a", "/", "a/b ", "~/", "explain: ", "@local ", "\n", " ", "\x00"),
    *("a\u0301", "\u0301\u0316", "\u0f73", "\ufdfa", "用户", "😀", "\ud800", "hi", "prove theorem raft "),
]


def seconds(asked, published):
    """To decide it, the best of five: what else the machine does only adds to it."""
    taken = []
    for _ in range(5):
        started = thread_time()
        decide(asked, published, surroundings())
        taken.append(thread_time() - started)
    return min(taken)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_a_long_text_of_one_kind_takes_no_longer_than_another(piece):
    assert seconds(request(piece * MANY), shipped()) < 0.03  # a quadratic step takes 0.04 and more


def with_tags(count):
    tags = {f"tag-{number}": 1.0 for number in range(count)}
    return policy(phrases={**defaults()["phrases"], "harness": tags, "ask_tag": tags})


@pytest.mark.parametrize("piece", ["<tag-{}>", "</tag-{}>", "<tag-{0}>x</tag-{0}>", "<TAG-{}>"])
def test_a_long_list_of_tags_makes_no_ask_slow(piece):
    asked = request("".join(piece.format(number) for number in range(256)))

    few, many = seconds(asked, with_tags(256)), seconds(asked, with_tags(MOST_TAGS))

    assert many < 10 * few  # a list that is copied for each tag takes thirty times as long


THRESHOLDS = yaml.safe_load(DEFAULTS.read_text())["thresholds"]


@pytest.mark.parametrize("piece", ["<env>", "prove theorem raft ", "explain: ", "a.py ", "``` ", "hi"])
@pytest.mark.parametrize("weight", [1e-300, 10.0])
@pytest.mark.parametrize("bound", ["lower", "upper"])
def test_no_threshold_or_weight_at_its_bound_makes_an_ask_slow(bound, weight, piece):
    thresholds = {name: float(row[bound]) for name, row in THRESHOLDS.items()}
    phrases = {name: dict.fromkeys(listed, weight) for name, listed in defaults()["phrases"].items()}
    extreme = policy(thresholds, phrases=phrases)

    assert seconds(request(piece * MANY), extreme) < 0.03
    assert seconds(request(piece), extreme) < 0.03


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_mixture_breaks_a_decision(pieces):
    assert decide(request("".join(pieces)), shipped(), surroundings()).tier


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "content"]), inner),
    max_leaves=8,
)


@given(
    st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "system", "tool"]), "content": JSON}), max_size=4)
)
def test_no_odd_content_breaks_a_decision(messages):
    assert decide(request(*messages), shipped(), surroundings()).tier


def test_no_odd_member_breaks_a_decision():
    odd = {"role": "assistant", "content": {"a": 1}, "tool_calls": {"b": 2}, "name": 7}

    assert decide(request({}, odd, {**user("hello"), "name": 3}), shipped(), surroundings()).tier
