"""Where a conversation is marked for the provider's cache."""

import pytest

from routing.tests.providers.anthropic.asks import WEATHER, assistant, request_for, system, user


def test_markers_stand_where_the_client_set_them_and_never_on_empty_text():
    marker = {"cache_control": {"type": "ephemeral"}}
    marked = {"type": "function", "function": {"name": "weather", **marker}}
    parts = [{"type": "text", "text": " ", **marker}, {"type": "text", "text": "Hi", **marker}]

    body = request_for(system([{"type": "text", "text": "Be brief", **marker}]), user(parts), tools=[marked]).body

    assert body["system"] == [{"type": "text", "text": "Be brief", **marker}]
    assert body["tools"][0]["cache_control"] == marker["cache_control"]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "Hi", **marker}]


LONG = "word " * 2_000


@pytest.mark.parametrize(
    ("messages", "tools", "is_cached"),
    [
        pytest.param([user(LONG)], [], False, id="one-ask"),
        pytest.param([user("a"), assistant("b"), user("c")], [], False, id="short-conversation"),
        pytest.param([user(LONG), assistant("b"), user("c")], [], True, id="long-conversation"),
        pytest.param([system(LONG), user("c")], [WEATHER], True, id="agent"),
    ],
)
def test_a_conversation_that_profits_from_the_cache_is_marked(messages, tools, is_cached):
    body = request_for(*messages, tools=tools).body

    assert body.get("cache_control") == ({"type": "ephemeral"} if is_cached else None)


def test_the_marker_can_be_switched_off_and_yields_to_the_clients_own():
    own = {
        "role": "system",
        "content": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    }

    marked = request_for(own, user(), tools=[WEATHER]).body
    switched_off = request_for(system(LONG), user(), tools=[WEATHER], caches=False).body

    assert "cache_control" not in marked | switched_off
    assert marked["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_more_markers_than_claude_takes_are_left_out():
    parts = [{"type": "text", "text": str(n), "cache_control": {"type": "ephemeral"}} for n in range(6)]

    body = request_for(user(parts)).body

    assert [("cache_control" in block) for block in body["messages"][0]["content"]] == [True] * 4 + [False] * 2
