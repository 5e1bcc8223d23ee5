import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from routing import policies
from routing.models import ModelAlias, PhraseList, Threshold
from routing.policies.files import MOST_BYTES, read_yaml, to_yaml

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft():
    policies.load_defaults()
    return policies.draft_content()


def refused(text, draft):
    with pytest.raises(ValidationError) as caught:
        policies.imported(text, draft)
    return " ".join(caught.value.messages)


def test_what_was_exported_is_imported_as_it_was(draft):
    PhraseList.objects.get(name="scope").fill({"yes": 1.0, "12:30:00": 0.25, "naïve café*": 3.0, "<< *x": 1.0, "#1": 2})
    ModelAlias.objects.create(pattern="*", target="auto")
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.123456789)
    PhraseList.objects.filter(name="greeting").update(is_on=False)
    edited = policies.draft_content()

    exported = to_yaml(edited, "version 3:\nnote")

    assert policies.imported(exported, draft) == edited
    assert exported.startswith("# version 3: note\nsmartgateway_policy: 1\nenabled: true\n")


def test_a_file_that_switches_no_list_off_switches_all_on(draft):
    off = {**draft, "lists_off": ["greeting"]}

    assert policies.imported(to_yaml(draft), off) == draft
    assert policies.imported("lists_off:", off) == draft
    assert policies.imported("mode: keyword", off) == {**off, "mode": "keyword"}


def test_a_list_that_there_is_not_cannot_be_switched_off(draft):
    assert "lists_off: 'greetings' is none of" in refused("lists_off: [greetings]", draft)
    assert "lists_off: it is a list" in refused("lists_off: greeting", draft)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=40), st.floats(0.001, 10), max_size=5))
def test_every_text_survives_the_way_through_a_file(weights):
    content = {"enabled": True, "mode": "keyword", "ambiguous_fallback_tier": "local", "models": {}, "thresholds": {}}
    content |= {"switches": {}, "fallbacks": {}, "aliases": [], "phrases": {"scope": weights}}

    read = read_yaml(to_yaml(content))["phrases"]["scope"]

    texts = {text: float(weight) for text, weight in read.items()} if isinstance(read, dict) else dict.fromkeys(read, 1)
    assert texts == weights


def test_what_a_file_leaves_out_stays_as_it_is(draft):
    content = policies.imported("thresholds:\n  opus_score_threshold: 0.75\nphrases:\n  scope: [the fleet]\n", draft)

    assert content["thresholds"] == draft["thresholds"] | {"opus_score_threshold": 0.75}
    assert content["phrases"] == draft["phrases"] | {"scope": {"the fleet": 1.0}}
    assert content["models"] == draft["models"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("thresholds:\n  opus_score_thresh: 1", "is 'opus_score_threshold' meant?"),
        ("threshold: {}", "threshold: this release does not know 'threshold': is 'thresholds' meant?"),
        ("thresholds: {opus_score_threshold: 7}", "7 lies outside 0.05 to 1"),
        ("thresholds: {opus_score_threshold: .inf}", "'.inf' is no number"),
        ("thresholds: {opus_score_threshold: nan}", "'nan' is no number"),
        ("thresholds: [1]", "thresholds: it holds names with values"),
        ("switches: {tier_words: maybe}", "'maybe' is neither true nor false"),
        ("mode: random", "'random' is none of local_first, keyword, observe"),
        ("phrases: {scope: {roadmap: 11}}", "weighs 11: use a weight above 0"),
        ("phrases: {scope: {roadmap: heavy}}", "'heavy' is no number"),
        ("phrases: {scope: [roadmap, Roadmap]}", "'Roadmap' stands there twice"),
        ("phrases: {scope: roadmap}", "it is a list"),
        ('phrases: {scope: [""]}', "'' is no text"),
        ('phrases: {scope: ["\\0"]}', "what is no character"),
        ("phrases: {scope: [" + "x" * 201 + "]}", "is longer than 200 characters"),
        ("phrases: {simple_task: [threat model*]}", "also in Deep reasoning"),
        ("phrases: {simple_task: [threat model]}", "also in Deep reasoning as 'threat model*'"),
        ("phrases: {scope: [roadmap, ＲＯＡＤＭＡＰ]}", "'ＲＯＡＤＭＡＰ' stands there twice"),
        ('phrases: {scope: ["\\u200b"]}', "holds nothing that could be found"),
        ("phrases: {ask_tag: [system reminder]}", "'system reminder' is no tag's name"),
        ("phrases: {scope: ['*']}", "holds nothing that could be found"),
        ("aliases: {fast: quick, quick: fast}", "It runs in a circle"),
        ("aliases: {'a b': auto}", "Use a name without spaces"),
        ("aliases:\n" + "".join(f" a{n}: auto\n" for n in range(1_001)), "1,001 aliases: keep at most 1,000"),
        ("models: {opus: ''}", "opus: '' is no text"),
        ("models: {mega: m}", "this release does not know 'mega'"),
        ("fallbacks: {opus: [mega]}", "'mega' is none of"),
        ("fallbacks: {opus: [sonnet, sonnet]}", "stands there twice"),
        ("fallbacks: {opus: [opus]}", "It cannot lead to opus"),
        ("mode: keyword\nmode: keyword", "Line 2: 'mode' stands there twice"),
        ("? [a]\n: b", "a name is a text"),
        ("- mode", "holds sections"),
        ("smartgateway_policy: 2", "this release reads format 1"),
        ("mode: [", "This is no YAML"),
        ("mode: \x07", "This is no YAML"),
        ("mode: !!python/object/apply:os.system [ls]", "Line 1: a policy file has no tags"),
        ("a: &a [1]\nb: *a", "Line 2: a policy file has no aliases (*a)"),
        ("a: " + "[" * 100 + "]" * 100, "nested more than 6 levels deep"),
        ("phrases: {scope: [" + "x, " * 60_000 + "]}", "more than 50,000 values"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(draft, text, reason):
    assert reason in refused(text, draft)


def test_a_file_of_ten_megabytes_is_refused_unread(draft):
    text = "phrases: {scope: [" + "x" * 10_000_000 + "]}"

    started = time.process_time()
    reason = refused(text, draft)

    assert f"at most {MOST_BYTES:,}" in reason
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a]\n" for n in range(1000)), id="aliases of aliases"),
        pytest.param("n: " + ":1" * 400_000, id="a number to the base of sixty"),
        pytest.param("n: " + "9" * 900_000, id="a number of many digits"),
        pytest.param("{" * 900_000, id="nothing but braces"),
        pytest.param("? " * 400_000, id="nothing but keys"),
        pytest.param("- " * 400_000, id="lists in lists"),
        pytest.param("k: |\n" + " x\n" * 200_000, id="a text of many lines"),
        pytest.param("aliases:\n" + "".join(f" a{n}: a{n + 1}\n" for n in range(20_000)), id="a chain of aliases"),
        pytest.param("aliases:\n" + "".join(f" a{n}: auto\n" for n in range(24_000)), id="a flat list of aliases"),
        pytest.param(
            "aliases:\n" + "".join(f" a{n}: a{n + 1}\n" for n in range(1_000)), id="a chain as long as may be"
        ),
        pytest.param("thresholds:\n" + "".join(f" context_word_{n}: 1\n" for n in range(24_000)), id="unknown names"),
        pytest.param("".join(f"phrase_{n}: 1\n" for n in range(24_000)), id="unknown sections"),
        pytest.param("phrases: {scope: [" + ",".join(f"x{n}" for n in range(49_000)) + "]}", id="many phrases"),
        pytest.param("fallbacks: {opus: [" + "sonnet," * 49_000 + "]}", id="many steps of a fallback"),
    ],
)
def test_no_file_takes_long_to_refuse(draft, bomb):
    started = time.process_time()

    refused(bomb, draft)

    assert time.process_time() - started < 10


def test_as_many_aliases_as_are_allowed_are_taken(draft):
    text = "aliases:\n" + "".join(f"  name-{number:03}: auto\n" for number in range(1_000))

    content = policies.imported(text, draft)

    assert content["aliases"][-1] == {"pattern": "name-999", "target": "auto"}
    assert len(content["aliases"]) == 1_000


def test_all_that_is_wrong_is_listed_up_to_a_number(draft):
    text = "thresholds:\n" + "".join(f"  name_{number}: 1\n" for number in range(30))

    with pytest.raises(ValidationError) as caught:
        policies.imported(text, draft)

    assert len(caught.value.messages) == 21
    assert caught.value.messages[-1] == "… and 10 more."
