"""Open WebUI, started beside its own Python and asked over its own API as its pages do; tools are the asker's."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from wish import ABOUT, KEY, MOST_ROUNDS, NAME, SCHEMA, URL, read_file, wish

TOOL = {"type": "function", "function": {"name": NAME, "description": ABOUT, "parameters": SCHEMA}}
START_SECONDS = 150
ANN = {"name": "Ann", "email": "ann@example.com", "password": "A-Secret-for-tests-1"}
asked = wish()


def settings(folder: Path) -> dict[str, str]:
    """As documented; the rest keeps it from fetching models and news."""
    documented = {"OPENAI_API_BASE_URL": f"{URL}/v1", "OPENAI_API_KEY": KEY, "ENABLE_FORWARD_USER_INFO_HEADERS": "true"}
    offline = {"OFFLINE_MODE": "true", "HF_HUB_OFFLINE": "1", "RAG_EMBEDDING_ENGINE": "openai"}
    own = {
        "DATA_DIR": str(folder),
        "WEBUI_SECRET_KEY": "for-tests-only-0123456789abcdefgh",
        "ENABLE_OLLAMA_API": "false",
    }
    return {**os.environ, **documented, **offline, **own}


def is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.HTTPError:
        return False


def message_of(client: httpx.Client, body: dict) -> dict:
    answer = client.post("/api/chat/completions", json=body)
    answer.raise_for_status()
    if asked.whole:
        return answer.json()["choices"][0]["message"]
    lines = [line.removeprefix("data: ") for line in answer.text.split("\n") if line.startswith("data: ")]
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines if line != "[DONE]"]
    whole: dict = {"role": "assistant", "content": "".join(delta.get("content") or "" for delta in deltas)}
    for fragment in (fragment for delta in deltas for fragment in delta.get("tool_calls") or ()):
        if "id" in fragment:
            whole.setdefault("tool_calls", []).append(fragment)
        else:
            whole["tool_calls"][fragment["index"]]["function"]["arguments"] += fragment["function"]["arguments"]
    return whole


def said(client: httpx.Client) -> str:
    client.headers["authorization"] = f"Bearer {client.post('/api/v1/auths/signup', json=ANN).json()['token']}"
    assert asked.model in {row["id"] for row in client.get("/api/models").json()["data"]}
    messages: list[dict] = [{"role": "user", "content": asked.ask}]
    tools = {"tools": [TOOL]} if asked.tools else {}
    for _ in range(MOST_ROUNDS):
        message = message_of(client, {"model": asked.model, "messages": messages, "stream": not asked.whole, **tools})
        if not message.get("tool_calls"):
            return message["content"]
        messages.append(message)
        for call in message["tool_calls"]:
            result = read_file(**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return "no end"


with socket.create_server(("127.0.0.1", 0)) as probe:
    port = str(probe.getsockname()[1])
folder = Path.cwd() / "open-webui"
folder.mkdir()
program = Path(sys.executable).with_name("open-webui")
with (folder / "log").open("wb") as log:
    server = subprocess.Popen(
        [program, "serve", "--host", "127.0.0.1", "--port", port], env=settings(folder), stdout=log, stderr=log
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            deadline = time.monotonic() + START_SECONDS
            while not is_up(client) and time.monotonic() < deadline:
                time.sleep(0.5)
            print(said(client))
    finally:
        server.terminate()
        server.wait(60)
