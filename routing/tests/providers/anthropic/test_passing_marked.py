"""Where a conversation that passes is marked for the provider's cache."""

import pytest

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import passed
from routing.tests.providers.anthropic.asks import OPUS
from routing.tests.providers.anthropic.bodies import ASSISTANT, TOOL, USER, call

LONG = "word " * 2_000


@pytest.mark.parametrize(
    ("body", "is_marked"),
    [
        pytest.param({"messages": [{"role": "user", "content": LONG}]}, False, id="one-ask"),
        pytest.param({"messages": [USER, ASSISTANT, USER]}, False, id="short-conversation"),
        pytest.param({"messages": [{"role": "user", "content": LONG}, ASSISTANT, USER]}, True, id="long-conversation"),
        pytest.param({"system": LONG, "tools": [TOOL]}, True, id="agent"),
        pytest.param({"system": LONG, "tools": [TOOL], "cache_control": None}, False, id="switched-off-by-the-client"),
        pytest.param(
            {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}], "tools": [TOOL]},
            False,
            id="marked-by-the-client",
        ),
        pytest.param({"system": LONG + '"cache_control"', "tools": [TOOL]}, True, id="spoken-of"),
    ],
)
@pytest.mark.parametrize("named", [OPUS, "auto"])
def test_a_conversation_that_profits_from_the_cache_is_marked_and_that_is_known(body, is_marked, named):
    found = passed(call(OPUS, {"model": named, **body}), API_VERSION)

    assert (found.raw.get("cache_control") == b'{"type":"ephemeral"}') is is_marked
    assert found.is_cache_marked is is_marked


def test_a_policy_can_switch_the_marker_off():
    found = passed(call(OPUS, {"system": LONG, "tools": [TOOL]}, caches=False), API_VERSION)

    assert "cache_control" not in found.raw
    assert not found.is_cache_marked
