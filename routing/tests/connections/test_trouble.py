"""Servers that are away, refuse, or say nonsense: notes, and never an error."""

import asyncio

import httpx
import pytest

from routing import connections
from routing.breakers import breaker
from routing.capabilities import anthropic
from routing.engine.types import Tier
from routing.providers.base import Call, ProviderError
from routing.tests.connections.servers import OllamaServer, refuse


async def test_an_open_breaker_makes_the_tier_unavailable(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)], ["qwen2.5-coder:14b-instruct"]))
    await connections.start()

    for _ in range(10):
        breaker("local").failed()

    surroundings = connections.surroundings()
    assert surroundings.configured == {Tier.LOCAL}
    assert surroundings.available == frozenset()
    assert not surroundings.classifier_ready


@pytest.mark.parametrize(
    "handler",
    [
        refuse,
        lambda request: httpx.Response(200, html="<html>login"),
        lambda request: httpx.Response(302, headers={"location": "https://x.cloudflareaccess.com/"}),
        lambda request: httpx.Response(200, content=b"\xff"),
        lambda request: httpx.Response(200, json=[1]),
        lambda request: httpx.Response(500),
    ],
    ids=["refusing", "page", "login", "garbage", "list", "failing"],
)
@pytest.mark.parametrize("kind", ["ollama", "openai_compatible"])
async def test_a_server_in_trouble_is_a_note_and_never_an_error(connect, handler, kind):
    connect(handler, kind=kind)

    await connections.start()

    assert connections.surroundings().configured == {Tier.LOCAL}
    assert connections.surroundings().available == frozenset()
    assert "LOCAL_LLM_BASE_URL" in connections.local_notes()[0]


async def test_an_outage_is_said_once_with_its_cause_and_its_end_once(connect, caplog):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    answers = [server, refuse, lambda request: httpx.Response(500), refuse, server, server, refuse]
    connect(lambda request: answers[0](request), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    while answers:
        await connections.refresh()
        answers.pop(0)

    away = (
        "local model: the local model server cannot be reached: check LOCAL_LLM_BASE_URL and that the server runs "
        "(ConnectError('refused'))"
    )
    said = [record.getMessage() for record in caplog.records if record.name == connections.__name__]  # not the probe's
    assert said == [away, "local model: ready", away]


async def test_a_request_that_fails_during_an_outage_is_logged_all_the_same(connect, caplog):
    connect(refuse)
    await connections.start()
    caplog.clear()

    with pytest.raises(ProviderError):
        await connections.provider("local").complete(Call("qwen:7b", {"messages": []}, "a"))

    assert caplog.messages == ["the local model server cannot be reached: ConnectError('refused')"]


async def test_that_claudes_models_cannot_be_listed_is_said_once_and_that_they_can_again_once(
    connect, caplog, monkeypatch
):
    monkeypatch.setattr(anthropic, "AGAIN_AFTER_FAILURE_SECONDS", 0)
    monkeypatch.setattr(anthropic, "AGAIN_SECONDS", 0)
    listed = httpx.Response(200, json={"data": [{"id": "claude-opus-5-5"}]})
    answers = [refuse, refuse, lambda request: listed, lambda request: listed]
    connect(claude=lambda request: answers[0](request))

    while answers:
        await connections.refresh()
        answers.pop(0)

    assert caplog.messages == [
        "Claude's models cannot be listed: Claude's API cannot be reached (ConnectError('refused'))",
        "Claude's models can be listed again",
    ]


@pytest.mark.parametrize("content", [b"{}", b'{"models": 3, "data": 3}', b'{"models": [3], "data": [{}]}'])
@pytest.mark.parametrize("kind", ["ollama", "openai_compatible"])
async def test_an_odd_list_of_models_is_no_error_either(connect, content, kind):
    connect(lambda request: httpx.Response(200, content=content), kind=kind)

    await connections.start()

    assert connections.surroundings().configured == {Tier.LOCAL}


async def test_a_silent_server_does_not_hold_up_the_start(connect, monkeypatch):
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)

    async def silent(request):
        await asyncio.sleep(60)

    connect(silent)

    async with asyncio.timeout(2):
        await connections.start()

    assert connections.surroundings().available == frozenset()
