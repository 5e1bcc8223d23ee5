"""Whether the classifier is loaded and free, and who loads it."""

import json

import httpx

from routing import connections
from routing.engine.types import LocalModel
from routing.tests.connections.servers import OllamaServer, probed


async def test_a_model_that_is_not_loaded_is_not_asked_to_classify(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)]))

    await connections.start()

    assert connections.surroundings().local == LocalModel(
        "qwen2.5-coder:14b-instruct", False, 4096, vision=False, tools=False
    )
    assert not connections.surroundings().classifier_ready


async def test_a_classifier_of_its_own_is_loaded_once_it_is_missed_and_not_again_and_again(connect):
    asked = []

    def server(request):
        if request.url.path == "/api/chat":
            asked.append(json.loads(request.content)["model"])
        return OllamaServer([("qwen:7b", 7), ("small:1b", 1)], ["qwen:7b"])(request)

    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b", ROUTING_CLASSIFIER_MODEL="small:1b")
    await connections.start()
    await probed()
    await connections.refresh()
    before = asked.count("small:1b")

    for _ in range(2):
        connections.miss_classifier()
        await connections.refresh()
        await connections.current().loader.loading

    assert (before, asked.count("small:1b")) == (0, 1)
    assert not connections.surroundings().classifier_ready


async def test_a_missed_classifier_that_is_loaded_is_left_alone(connect):
    connect(OllamaServer([("qwen:7b", 7)], ["qwen:7b"]), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()

    connections.miss_classifier()
    await connections.refresh()

    assert connections.current().loader.loading is None


async def test_a_classifier_that_cannot_be_loaded_is_said(connect, caplog):
    def server(request):
        if request.url.path == "/api/chat":
            return httpx.Response(500, json={"error": "no room for it"})
        return OllamaServer([("qwen:7b", 7), ("small:1b", 1)], ["qwen:7b"])(request)

    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b", ROUTING_CLASSIFIER_MODEL="small:1b")
    await connections.start()
    await probed()

    connections.miss_classifier()
    await connections.refresh()
    await connections.current().loader.loading

    assert "the classifier small:1b cannot be loaded" in caplog.text


async def test_who_misses_a_classifier_without_a_local_server_is_not_heard(connect):
    connect()

    connections.miss_classifier()

    assert connections.current().loader is None


async def test_a_taken_slot_leaves_none_for_the_classifier(connect, monkeypatch):
    monkeypatch.setattr(connections.local_slots, "limit", 1)
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)], ["qwen2.5-coder:14b-instruct"]))
    await connections.start()

    await connections.local_slots.acquire(0)

    assert not connections.surroundings().classifier_ready
    connections.local_slots.release()
    assert connections.surroundings().classifier_ready
