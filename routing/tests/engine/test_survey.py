import pytest

from routing.engine.survey import (
    MOST_MESSAGES,
    MOST_PARTS,
    MOST_TOOLS,
    PER_UNREAD_PART,
    SAMPLE,
    survey,
    tool_chars,
    utf8_bytes,
)
from routing.tests.engine.given import CALL, RESULT, TOOL, assistant, system, user

USE = {"type": "tool_use", "id": "1", "name": "read", "input": {"path": "models.py", "limit": 9}}
RESULT_BLOCK = {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "class A"}, USE]}


@pytest.mark.parametrize(
    ("messages", "chars"),
    [
        pytest.param([user("four"), assistant("five!")], 9, id="strings"),
        pytest.param([user([{"type": "text", "text": "four"}, "x", {"type": "audio"}])], 4, id="text blocks"),
        pytest.param([user(None), user(7), user([])], 0, id="nothing"),
        pytest.param([CALL, RESULT], len("ls{}models.py"), id="tool calls"),
        pytest.param([{**CALL, "tool_calls": [{"function": {"name": "ls"}}, {}, 7]}], 2, id="odd tool calls"),
        pytest.param([{**CALL, "tool_calls": "all"}], 0, id="tool calls that are none"),
        pytest.param([assistant([USE])], len("pathlimitmodels.py") + 24, id="tool use blocks"),
        pytest.param([user([RESULT_BLOCK])], len("class A"), id="tool result blocks"),
        pytest.param([user([{**RESULT_BLOCK, "content": "class A"}])], len("class A"), id="plain tool results"),
        pytest.param([assistant([{"type": "thinking", "thinking": "hm"}])], 2, id="thinking"),
    ],
)
def test_everything_sent_is_counted(messages, chars):
    assert survey(messages).chars == chars


def test_system_messages_are_counted_apart():
    seen = survey([system("be brief"), {"role": "developer", "content": [{"type": "text", "text": "go"}]}, user("hi")])

    assert (seen.system_chars, seen.system_texts, seen.turns) == (10, ["be brief", "go"], 1)


def test_asks_are_messages_of_users_with_words():
    messages = [user("a"), user(""), user([RESULT_BLOCK]), user([{"type": "text", "text": "b"}]), assistant("c")]

    assert survey(messages).asks == 2


def test_images_are_counted_without_their_data():
    blocks = [{"type": "image_url", "image_url": {"url": "data:" + "x" * 9_000}}, {"type": "image", "source": {}}]

    seen = survey([user(blocks)])

    assert (seen.images, seen.chars) == (2, 0)


@pytest.mark.parametrize(
    ("messages", "distance"),
    [
        pytest.param([user("a")], 0, id="none"),
        pytest.param([CALL, RESULT], 1, id="the last message"),
        pytest.param([CALL, user("a"), assistant("b")], 3, id="some messages ago"),
        pytest.param([{"role": "function", "content": "x"}], 1, id="the old form"),
        pytest.param([assistant([USE]), user([{"type": "text", "text": "a"}])], 2, id="a block"),
        pytest.param([user(["x", {"type": 1}])], 0, id="odd blocks"),
        pytest.param([CALL, *[user("a")] * 64], 0, id="too long ago"),
    ],
)
def test_the_newest_tool_use_is_found(messages, distance):
    assert survey(messages).tool_distance == distance


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("abc", 3, id="ascii"),
        pytest.param("äbc", 4, id="short"),
        pytest.param("ä" * 10_000, 20_000, id="long"),
        pytest.param("\ud800", 1, id="half a pair"),
        pytest.param("字" * SAMPLE + "a" * 10_000 + "b" * SAMPLE, 2 * (2 * SAMPLE + 10_000), id="judged by its ends"),
    ],
)
def test_the_length_in_utf8_is_estimated(text, length):
    assert utf8_bytes(text) == length


def test_text_beyond_ascii_takes_more_bytes():
    seen = survey([user("ä"), user("b")])

    assert (seen.chars, seen.bytes) == (2, 3)


@pytest.mark.parametrize(
    ("tools", "chars"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([TOOL], 200, id="a property"),
        pytest.param([{"name": "a", "description": "four", "input_schema": {}}], 104, id="the other dialect"),
        pytest.param([{"function": "odd"}], 0, id="odd"),
    ],
)
def test_the_length_of_tools_is_estimated(tools, chars):
    assert tool_chars(tools) == chars


@pytest.mark.parametrize("messages", [1, 5])
def test_blocks_beyond_a_number_count_as_long_ones(messages):
    many = user([{"type": "text", "text": "a"}] * ((MOST_PARTS + 10) // messages))

    seen = survey([many] * messages)

    assert seen.chars == seen.bytes == MOST_PARTS + 10 * PER_UNREAD_PART


def test_tool_calls_beyond_a_number_count_as_long_ones():
    call = {"id": "1", "function": {"name": "ls", "arguments": ""}}

    seen = survey([{**CALL, "tool_calls": [call] * (MOST_PARTS + 10)}])

    assert seen.chars == 2 * MOST_PARTS + 10 * PER_UNREAD_PART


def test_messages_beyond_a_number_count_as_a_mean_one():
    seen = survey([system("rule"), *[user("four")] * (2 * MOST_MESSAGES - 1)])

    assert (seen.chars, seen.turns) == (8 * MOST_MESSAGES, 2 * MOST_MESSAGES - 1)


def test_tools_beyond_a_number_count_as_a_mean_one():
    assert tool_chars([TOOL] * 3 * MOST_TOOLS) == 600 * MOST_TOOLS
