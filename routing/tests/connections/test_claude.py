"""Claude's side: its tiers and the list of its models."""

import httpx
import pytest

from routing import connections
from routing.engine.types import LADDER, Tier
from routing.tests.connections.servers import refuse


def test_every_tier_is_allowed_unless_a_key_says_otherwise():
    assert connections.surroundings().allowed_tiers == frozenset(LADDER)


async def test_claude_serves_its_tiers_and_lists_its_models(connect):
    seen = []

    def claude(request):
        seen.append(request)
        return httpx.Response(200, json={"data": [{"id": "claude-opus-5-5"}, {"id": "claude-haiku-5-5"}]})

    connect(claude=claude, LOCAL_CF_ACCESS_CLIENT_ID="abc.access", LOCAL_CF_ACCESS_CLIENT_SECRET="s3cret")

    await connections.start()
    await connections.refresh()

    surroundings = connections.surroundings()
    assert surroundings.available == {Tier.SONNET, Tier.OPUS}
    assert surroundings.anthropic_models == {"claude-opus-5-5", "claude-haiku-5-5"}
    assert connections.provider("anthropic").name == "anthropic"
    assert [str(request.url) for request in seen] == ["http://claude.test/v1/models?limit=1000"]
    assert seen[0].headers["x-api-key"] == "sk-ant-test"
    assert not [name for name in seen[0].headers if name.startswith("cf-")]


@pytest.mark.parametrize("content", [b"\xff", b"[]", b'{"data": [{}]}', b'{"data": null}'])
async def test_claude_serves_though_its_models_cannot_be_listed(connect, content):
    connect(claude=lambda request: httpx.Response(200, content=content))

    await connections.start()

    assert connections.surroundings().available == {Tier.SONNET, Tier.OPUS}
    assert connections.surroundings().anthropic_models == frozenset()


async def test_both_sides_may_be_away_at_once(connect):
    connect(refuse, claude=refuse)

    await connections.start()

    assert connections.surroundings().configured == frozenset(LADDER)
    assert connections.surroundings().available == {Tier.SONNET, Tier.OPUS}
