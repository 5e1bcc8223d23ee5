import msgspec
import pytest

from routing.engine.asks import HALF
from routing.engine.counting import outermost
from routing.engine.features import Features, measure
from routing.engine.hits import GAP, LISTS, SYSTEM_CLOSING, SYSTEM_OPENING
from routing.engine.types import Tier, phrase_id
from routing.tests.engine.given import (
    AGENT_PROMPT,
    CALL,
    RESULT,
    TOOL,
    assistant,
    measured,
    policy,
    request,
    shipped,
    system,
    user,
)

EVERY_PHRASE = ". ".join(
    phrase.removesuffix("*") for name in LISTS if name != "housekeeping" for phrase in shipped().phrases[name]
)


def test_the_shape_of_a_request_is_measured():
    picture = user([{"type": "text", "text": "rename a.py"}, {"type": "image_url"}])

    features = measured(system(AGENT_PROMPT), "hello", assistant("hi"), picture, tools=(TOOL,))

    assert features.system_chars == len(AGENT_PROMPT)
    assert features.total_chars == len(AGENT_PROMPT) + 5 + 2 + 11
    assert (features.turns, features.asks, features.tools_declared, features.files) == (3, 2, 1, 1)
    assert features.has_image
    assert features.is_agentic
    assert features.is_human_ask
    assert not features.tool_loop


def test_tokens_are_estimated_by_the_policys_ratio():
    asked = request(user([{"type": "text", "text": "a" * 1_000}, {"type": "image"}]))

    features = measure(asked, policy({"chars_per_token": 4, "image_tokens": 800}))

    assert features.estimated_tokens == 1_050


def test_a_tool_result_is_no_human_ask():
    features = measured("fix it", CALL, RESULT, tools=(TOOL,))

    assert (features.tool_loop, features.tool_distance, features.is_agentic) == (True, 1, True)
    assert not features.is_human_ask
    assert features.ask_chars == len("fix it")


def test_housekeeping_counts_nothing_of_the_conversation_that_it_carries():
    features = measured("Generate a title for it.\n\nuser: prove the theorem in all files, do a security audit")

    assert features.is_housekeeping
    assert not features.is_human_ask
    assert set(features.hits) == {"housekeeping"}


def test_what_the_request_demands_is_kept_with_it():
    features = measured("@opus hello", local_only=True, min_tier=Tier.SONNET)

    assert (features.local_only, features.min_tier, features.tier_word) == (True, 1, "opus")
    assert features.greeting_share > 0.4


def test_hits_are_ids_of_phrases_the_heaviest_first():
    features = measured("Prove it: a security audit with failure modes")

    ids = [phrase_id(phrase) for phrase in ("security audit", "prove", "failure mode*")]
    assert list(features.hits["deep_reasoning"]) == ids


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(request("hello"), id="small"),
        pytest.param(request("fix it", CALL, RESULT, tools=(TOOL,) * 30), id="an agent's"),
        pytest.param(request(system(AGENT_PROMPT), "Translate: prove that\n" * 4_000, "b" * 99_999), id="large"),
        pytest.param(request("Summarize: <env>an audit</env>prove it in all files"), id="with other readings"),
        pytest.param(request("Generate a title for it.\n\nuser: do a security audit"), id="housekeeping"),
    ],
)
def test_features_survive_packing_and_stay_small(asked):
    features = measure(asked, shipped())

    packed = msgspec.msgpack.encode(features.pack())

    assert Features.unpack(msgspec.msgpack.decode(packed)) == features
    assert len(packed) <= 260


def test_a_text_full_of_phrases_makes_features_no_longer_than_what_was_read_of_it():
    asked = request(system(EVERY_PHRASE), EVERY_PHRASE)
    features = measure(asked, shipped())

    packed = msgspec.msgpack.encode(features.pack())

    assert Features.unpack(msgspec.msgpack.decode(packed)) == features
    assert len(packed) <= 2 * HALF + SYSTEM_OPENING + SYSTEM_CLOSING


def test_features_from_before_a_field_was_added_can_be_unpacked():
    *plain, _ = measured("hello").pack()

    assert Features.unpack(plain) == measured("hello")


def test_features_from_before_all_phrases_were_kept_say_so():
    features = measured("Translate: prove it")
    hits_then = tuple(features.hits.get(name, ()) for name in LISTS)
    aside_then = ((), (phrase_id("hello"),))

    of_then = Features.unpack((hits_then, *features[: Features._fields.index("tags")], aside_then))

    assert of_then == features._replace(otherwise=None)


def test_packed_features_hold_none_of_the_text():
    features = measured("Explain the secret handshake of Ada")

    assert not any(isinstance(value, str) and value for value in features.pack())


def test_a_long_system_prompt_is_read_at_its_ends():
    middle = measured(system("x" * 9_000 + "one command per step" + "x" * 9_000), "go")
    end = measured(system("x" * 9_000 + " one command per step"), "go")
    late = measured(system("be brief"), "go", system("one command per step"))

    assert "agent_protocol" not in middle.hits
    assert "agent_protocol" in end.hits
    assert "agent_protocol" in late.hits


def test_no_phrase_reaches_over_a_gap():
    text = f"do a security{GAP}audit"

    assert "security audit" not in shipped().match(text).get("deep_reasoning", ())


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        pytest.param(("audit",), ["audit"], id="one"),
        pytest.param(("audit", "security audit"), ["security audit"], id="a part"),
        pytest.param(("exploit*", "exploit the"), ["exploit the"], id="a prefix"),
        pytest.param(("proof", "prove"), ["proof", "prove"], id="neighbours"),
    ],
)
def test_a_phrase_within_a_longer_one_counts_with_it(found, kept):
    assert list(outermost(found)) == kept
