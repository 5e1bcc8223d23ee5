import pytest

from routing.engine.content import policy_from
from routing.engine.features import Features, measure
from routing.engine.survey import MOST_PARTS, NEWEST_BLOCKS
from routing.engine.types import RoutingRequest
from routing.engine.words import without_tier_words
from routing.tests.engine.given import assistant, shipped


def policy(tier_words=True):
    content = {
        "thresholds": {},
        "switches": {"tier_words": tier_words},
        "phrases": {},
        "aliases": [],
        "models": {},
        "fallbacks": {},
    }
    return policy_from(content, version=1, match=lambda text: {})


def sent_on(*contents, tier_word="opus", tier_words=True):
    request = RoutingRequest(messages=[{"role": "user", "content": content} for content in contents])
    cleaned = without_tier_words(request, Features(tier_word=tier_word, names_tier=True), policy(tier_words))
    return [message["content"] for message in cleaned.messages]


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        pytest.param("@opus prove it", "prove it", id="first word"),
        pytest.param("  @Opus:  prove it", "prove it", id="with a colon"),
        pytest.param("@sonnet\nprove it", "prove it", id="on its own line"),
        pytest.param("@opus", "@opus", id="nothing else was said"),
        pytest.param("@opusculum is a word", "@opusculum is a word", id="another word"),
        pytest.param("ask @opus to prove it", "ask @opus to prove it", id="not the first word"),
        pytest.param("<env>x</env>\n@opus prove it", "<env>x</env>prove it", id="behind a client's text"),
        pytest.param("<user_query>@opus prove it</user_query>", "<user_query>prove it</user_query>", id="in a tag"),
    ],
)
def test_a_tiers_name_before_an_ask_is_not_sent_on(said, sent):
    assert sent_on(said) == [sent]


def test_in_text_blocks_it_is_removed_too():
    image = {"type": "image_url", "image_url": {"url": "data:"}}

    assert sent_on([image, {"type": "text", "text": "@opus what is this?"}]) == [
        [image, {"type": "text", "text": "what is this?"}]
    ]


def test_from_earlier_asks_it_is_removed_whatever_the_newest_says():
    assert sent_on("@opus prove it", "and now simpler", tier_word="") == ["prove it", "and now simpler"]


def test_in_a_very_long_conversation_only_the_newest_asks_are_looked_at():
    asks = ["@opus prove it"] * (MOST_PARTS + 2)

    assert sent_on(*asks) == ["@opus prove it"] * 2 + ["prove it"] * MOST_PARTS


def test_very_many_blocks_count_as_many_messages():
    blocks = [{"type": "text", "text": "@opus prove it"}] * MOST_PARTS

    first, second = sent_on("@opus prove it", blocks)

    assert first == "@opus prove it"
    assert [block["text"] for block in second].count("prove it") == NEWEST_BLOCKS
    assert second[-1]["text"] == "prove it"


def test_a_request_without_it_is_the_same_request():
    request = RoutingRequest(
        messages=[{"role": "user", "content": "prove it"}, {"role": "assistant", "content": "@opus x"}]
    )

    assert without_tier_words(request, Features(), policy()) is request


def test_where_the_policy_switched_it_off_it_is_an_ordinary_word():
    assert sent_on("@opus prove it", tier_words=False) == ["@opus prove it"]


@pytest.mark.parametrize("content", [None, 3, [], [None, {"text": 3}]])
def test_odd_content_is_left_alone(content):
    assert sent_on(content) == [content]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([assistant([{"type": "text", "text": "so"}] * (MOST_PARTS + 1))], [], id="behind many blocks"),
        pytest.param([assistant("so")] * MOST_PARTS, [assistant("so")] * (MOST_PARTS - 50), id="between many messages"),
    ],
)
def test_in_a_conversation_that_is_not_surveyed_whole_an_earlier_word_is_removed_too(before, after):
    said = {"role": "user", "content": [{"type": "text", "text": "@opus prove it"}]}
    request = RoutingRequest([*before, said, *after, {"role": "user", "content": "and now simpler"}])

    cleaned = without_tier_words(request, measure(request, shipped()), shipped())

    assert cleaned.messages[len(before)]["content"][0]["text"] == "prove it"
