"""Whatever arrives, Phase 1 ends soon and breaks nowhere."""

from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.decide import decide
from routing.tests.engine.given import request, shipped, surroundings, user

MANY = 200_000
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


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_a_long_text_of_one_kind_takes_no_longer_than_another(piece):
    asked = request(piece * MANY)

    def seconds():
        started = thread_time()
        decide(asked, shipped(), surroundings())
        return thread_time() - started

    assert min(seconds() for _ in range(5)) < 0.03  # a quadratic step takes 0.04 and more


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
