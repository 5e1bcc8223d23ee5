"""Servers as the connections find them."""

import asyncio
import json

import httpx

from routing import connections

LOCAL_HOST, CLAUDE_HOST = "ollama.test", "claude.test"


class OllamaServer:
    """What an Ollama tells of itself; `calls` counts how often it is asked."""

    def __init__(self, installed=(), loaded=(), capabilities=("completion",), calls_tools=True, version="0.33.0"):
        self.installed, self.loaded, self.capabilities, self.calls_tools = installed, loaded, capabilities, calls_tools
        self.version = version
        self.calls = []
        self.headers = []

    def __call__(self, request):
        path = request.url.path
        self.calls.append(path)
        self.headers.append(request.headers)
        if path == "/api/ps":
            return httpx.Response(
                200, json={"models": [{"name": name, "context_length": 8192} for name in self.loaded]}
            )
        if path == "/api/version":
            return httpx.Response(200, json={"version": self.version})
        if path == "/api/tags":
            rows = [{"name": name, "digest": f"d-{name}", "size": size, "details": {}} for name, size in self.installed]
            return httpx.Response(200, json={"models": rows})
        if path == "/api/show":
            shown = {"capabilities": list(self.capabilities), "model_info": {"qwen2.context_length": 4096}}
            return httpx.Response(200, json=shown)
        call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
        message = {"content": "", "tool_calls": [call]} if self.calls_tools else {"content": "It rains."}
        return httpx.Response(200, content=json.dumps({"model": "m", "message": message, "done": True}))


async def probed():
    """Until the test of the model that runs in the background is over."""
    await asyncio.wait_for(asyncio.shield(connections.current()._testing), 30)


def refuse(request):
    raise httpx.ConnectError("refused")
