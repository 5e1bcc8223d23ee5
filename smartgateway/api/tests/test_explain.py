import pytest

from smartgateway.api import base
from smartgateway.completions.tests import conftest as path_conftest

world, default_policy, default_prices = path_conftest.world, path_conftest.default_policy, path_conftest.default_prices
HI = [{"role": "user", "content": "hi"}]


@pytest.fixture
def client(async_client, world, monkeypatch):
    async def authenticate(request):
        return world.key

    monkeypatch.setattr(base, "authenticate", authenticate)
    return async_client


@pytest.mark.parametrize(
    ("model", "tier", "place"),
    [
        ("haiku", "haiku", "Claude Haiku"),
        ("claude-haiku-5-5", "haiku", "Claude Haiku"),
        ("opus", "opus", "Claude Opus"),
        ("claude-fable-5-2", None, "claude-fable-5-2"),
    ],
)
async def test_a_model_by_name_is_told_with_its_tier_and_haiku_as_one(client, model, tier, place):
    response = await client.post("/v1/route", {"model": model, "messages": HI}, content_type="application/json")

    told = response.json()
    assert (told["decision"]["tier"], told["would_serve"]["tier"]) == (tier, tier)
    assert told["explanation"]["sentence"].startswith(f"This request goes to {place}, because")


async def test_the_phrases_that_were_found_are_named_by_list_and_in_the_sentence(client):
    said = "<system-reminder>be brief</system-reminder>Explain a security audit"
    messages = [{"role": "user", "content": said}]

    response = await client.post("/v1/route", {"messages": messages}, content_type="application/json")

    told = response.json()["explanation"]
    assert told["phrases"][:2] == [
        {"list": "simple_task", "counted": ["explain"], "not_counted": []},
        {"list": "deep_reasoning", "counted": ["security audit"], "not_counted": ["audit"]},
    ]
    assert told["tags"] == ["system-reminder"]
    assert "“security audit”" in told["sentence"]
