"""What a local model can, as its server and a probe tell."""

import json

import httpx
import pytest

from routing import connections
from routing.providers.base import Call
from routing.tests.connections.servers import OllamaServer, probed


@pytest.mark.parametrize("calls_tools", [True, False])
async def test_a_model_is_probed_for_tool_calls_once(connect, calls_tools):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"], calls_tools)
    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()
    unprobed = connections.surroundings().local.tools

    for _ in range(3):
        await probed()
        await connections.refresh()

    assert unprobed is None
    assert connections.surroundings().local.tools is calls_tools
    assert server.calls.count("/api/show") == server.calls.count("/api/tags") == 1
    assert server.calls.count("/api/chat") == 2  # a call of a tool, and some words


async def test_a_server_that_refuses_the_probe_has_no_tools(connect):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"])
    refusal = httpx.Response(400, json={"error": "qwen:7b does not support tools"})
    connect(
        lambda request: refusal if request.url.path == "/api/chat" else server(request),
        LOCAL_LLM_DEFAULT_MODEL="qwen:7b",
    )

    await connections.start()
    await probed()
    await connections.refresh()

    assert connections.surroundings().local.tools is False


async def test_a_probe_that_failed_is_not_tried_again_at_once(connect):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"])
    probes = []

    def handler(request):
        if request.url.path != "/api/chat":
            return server(request)
        probes.append(request)
        return httpx.Response(503, json={"error": "server busy"})

    connect(handler, LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    for _ in range(3):
        await connections.refresh()
        await probed()

    assert connections.surroundings().local.tools is None
    assert len(probes) == 1


@pytest.mark.parametrize("shown", [{"capabilities": [["x"]]}, {"capabilities": 3, "model_info": []}, {}])
async def test_what_a_model_says_of_itself_may_be_odd(connect, shown):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    connect(
        lambda request: httpx.Response(200, json=shown) if request.url.path == "/api/show" else server(request),
        LOCAL_LLM_DEFAULT_MODEL="qwen:7b",
    )

    await connections.start()

    assert connections.surroundings().local.name == "qwen:7b"


@pytest.mark.parametrize(("capabilities", "thought"), [(["completion", "thinking"], True), (["completion"], None)])
async def test_only_a_model_that_can_is_asked_to_think(connect, capabilities, thought):
    asked = []
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], capabilities)
    connect(lambda request: asked.append(request) or server(request), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()

    await connections.provider("local").complete(Call("qwen:7b", {"messages": [], "reasoning_effort": "high"}, "a"))

    assert json.loads(asked[-1].content).get("think") is thought
