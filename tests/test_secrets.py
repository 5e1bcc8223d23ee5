"""What must never be written: sent wherever a request has room, then looked for in all that the gateway keeps."""

import json
import os
import re
import signal
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.doubles.serving import Responder, body_of, serving
from tests.gateway import KEY, Gateway

OWN = {
    "ANTHROPIC_API_KEY": "sk-ant-zqown-claude-0451",
    "LOCAL_CF_ACCESS_CLIENT_ID": "zqown-access-id-0452.access",
    "LOCAL_CF_ACCESS_CLIENT_SECRET": "zqown-access-secret-0453",
    "LOCAL_LLM_API_KEY": "zqown-local-key-0454",
    "SECRET_KEY": "zqown-django-0455-that-is-long-enough-for-the-deploy-check",
    "AUDIT_CHAIN_KEY": "zqown-chain-0456",
    "BOOTSTRAP_ADMIN_PASSWORD": "zqown-admin-0457",
}
PASSWORD = "zqown-password-0458"
BASIC = b64encode(f"someone:{PASSWORD}".encode()).decode()
OWN_SECRETS = (*OWN.values(), PASSWORD, BASIC, KEY)
LOCAL_CREDENTIALS = (BASIC.encode(), OWN["LOCAL_LLM_API_KEY"].encode())
MARK = "zqtold"  # in everything that clients send and nobody may keep
TAG = "kept-by-design"
HEADERS = {
    "x-smartgateway-tags": TAG,
    "content-type": "application/json",
    "x-session-id": f"{MARK}-session",
    **{
        name: f"{MARK}-{name}"
        for name in (
            *(
                "cookie",
                "anthropic-beta",
                "proxy-authorization",
                "referer",
                "user-agent",
                "x-request-id",
                "traceparent",
            ),
            *("cf-access-client-id", "cf-access-client-secret", "cf-access-jwt-assertion", "x-forwarded-for"),
            *("openai-organization", "idempotency-key", "x-stainless-lang", "accept-language", "x-unknown"),
        )
    },
}
LOGIN_URL = f"https://{MARK}-user:{MARK}-password@example.com/{MARK}-path?token={MARK}-token"
SAID = f"{MARK}-text in `{MARK}/file.py`, see {LOGIN_URL}"
TELL = re.compile(rb"\[\[tell:(\w+)\]\]")
TOLD = ("400", "401", "404", "429", "500", "529", "kind", "page", "inside")


class Telltale:
    """An upstream that tells all it was sent, headers and body, in the words of its error."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind
        self.told: dict[str, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raw = await body_of(receive)
        found = TELL.search(raw)
        if found is None:
            await self._behind(scope, replaying(raw), send)
            return
        headers = b"\n".join(b"%s: %s" % pair for pair in scope["headers"])
        word = found[1].decode()
        self.told[word] = headers + raw
        await tell(Responder(send, {}), word, headers.decode("latin-1"), raw.decode())


def replaying(raw: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive


async def tell(respond: Responder, word: str, headers: str, body: str) -> None:
    status = int(word) if word.isdigit() else 200 if word == "inside" else 500
    said = f"{headers} {body}"
    kind = next((line for line in headers.splitlines() if MARK in line or "zqown" in line), "") + body
    error = {"message": said, "type": kind if word == "kind" else "some_error", "param": body}
    if word == "kind":
        error["code"] = headers.split(": ")[-1] or kind
    content = f"<html>{said}</html>" if word == "page" else json.dumps({"type": "error", "error": error})
    await respond.whole(status, content.encode(), "text/html" if word == "page" else "application/json")


@dataclass(frozen=True)
class Kept:
    """What a gateway left behind, after all was asked."""

    answers: list[httpx.Response]
    told: dict[str, bytes]  # by an upstream, of what it was sent
    unshipped: bytes  # the journals while the shipper stood still
    shipped: bytes  # the journals at the end
    tables: bytes
    log: bytes


@pytest.fixture(scope="module", params=[("ollama", "fast"), ("openai_compatible", "httpx")], ids="-".join)
def kept(request, tmp_path_factory):
    kind, transport = request.param
    folder = tmp_path_factory.mktemp("secrets")
    claude = Telltale(AnthropicDouble())
    local = Telltale(OllamaDouble() if kind == "ollama" else OpenAICompatibleDouble())
    with serving(claude) as claude_url, serving(local) as local_url, (folder / "log").open("wb") as log:
        gateway = Gateway(
            folder,
            **OWN | ({"LOCAL_LLM_API_KEY": ""} if kind == "ollama" else {}),  # so that the address's user is sent
            ANTHROPIC_BASE_URL=claude_url,
            LOCAL_LLM_BASE_URL=local_url.replace("://", f"://someone:{PASSWORD}@"),
            LOCAL_LLM_KIND=kind,
            UPSTREAM_TRANSPORT=transport,
            LOG_LEVEL="DEBUG",
        )
        gateway.fill_database()
        gateway.lift_limits()
        gateway.start(output=log)
        try:
            answers, unshipped = ask_unshipped(gateway)
            gateway.outcome(answers[-1].headers["x-smartgateway-decision-id"])
        finally:
            assert gateway.stop() == 0
    told = {
        f"{name}-{word}": sent
        for name, each in (("claude", claude), ("local", local))
        for word, sent in each.told.items()
    }
    return Kept(
        answers, told, unshipped, bytes_below(gateway.journals), tables_of(gateway), (folder / "log").read_bytes()
    )


def ask_unshipped(gateway: Gateway) -> tuple[list[httpx.Response], bytes]:
    shipper = gateway.part("shipper")
    assert shipper is not None
    os.kill(shipper, signal.SIGSTOP)
    try:
        with httpx.Client(base_url=gateway.url, timeout=60, params={"token": f"{MARK}-query"}) as client:
            answers = [client.post(path, headers={**HEADERS, **more}, content=body) for path, body, more in asks()]
        return answers, bytes_below(gateway.journals)
    finally:
        os.kill(shipper, signal.SIGCONT)


def asks():
    """Path, body and headers of every request."""
    good_key = {"authorization": f"Bearer {KEY}"}
    for path, body in bodies():
        yield path, json.dumps(body), good_key
        yield path, json.dumps(body), {"x-api-key": KEY}
        yield path, json.dumps(body), {"authorization": f"Bearer sk-sg-{MARK}-key"}
        yield path, json.dumps(body)[:-9], good_key
        yield path, json.dumps({**body, "provider": f"{MARK}-provider"}), good_key
        yield path, json.dumps({**body, "messages": f"{MARK}-messages", "input": {MARK: MARK}}), good_key
        yield path, json.dumps(body), {**good_key, "x-smartgateway-tier": f"{MARK}-tier"}
    for model in ("local", "sonnet"):
        for word in TOLD:
            for path, body in conversations(model, f"[[tell:{word}]] {SAID}"):
                yield path, json.dumps(body), good_key
                yield "/chat", json.dumps({"model": model, "message": SAID}), good_key  # so that no breaker opens


def bodies():
    for model in ("auto", "local", "sonnet"):
        yield from conversations(model, SAID)
        yield from agents(model)
    yield "/v1/route", {"model": "auto", "messages": [{"role": "user", "content": SAID}]}
    yield "/v1/embeddings", {"model": "auto", "input": SAID, "x": f"{MARK}-unknown"}
    yield "/v1/completions", {"model": "local", "prompt": SAID, "suffix": f"{MARK}-suffix"}
    yield "/chat", {"model": "local", "message": SAID}
    yield "/v1/messages/count_tokens", {"model": "sonnet", "messages": [{"role": "user", "content": SAID}]}


def conversations(model, text):
    messages = [{"role": "user", "content": text}]
    for is_stream in (False, True):
        shared = {"model": model, "stream": is_stream}
        yield "/v1/chat/completions", {**shared, "messages": messages, "unknown": MARK, "metadata": {"x": MARK}}
        yield "/v1/messages", {**shared, "messages": messages, "max_tokens": 99, "system": f"{MARK}-system"}
        yield "/v1/responses", {**shared, "input": text, "instructions": f"{MARK}-system"}


def agents(model):
    """Tools, a call of one and its result; an image in the last turn."""
    schema = {"type": "object", "properties": {f"{MARK}_argument": {"type": "string", "description": MARK}}}
    arguments = {f"{MARK}_argument": LOGIN_URL}
    function = {"name": "look", "description": f"{MARK}-description", "parameters": schema}
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": json.dumps(arguments)}}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{MARK}AA"}}
    turns = [
        {"role": "user", "content": SAID},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": f"{MARK}-result"},
    ]
    tools = [{"type": "function", "function": function}]
    yield "/v1/chat/completions", {"model": model, "messages": turns, "tools": tools}
    seen = [{"role": "user", "content": [{"type": "text", "text": SAID}, image]}]
    yield "/v1/chat/completions", {"model": model, "messages": seen}
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": arguments}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": f"{MARK}-result"}
    turns = [
        {"role": "user", "content": SAID},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "look", "description": f"{MARK}-description", "input_schema": schema}]
    yield "/v1/messages", {"model": model, "max_tokens": 99, "messages": turns, "tools": tools}


def bytes_below(folder: Path) -> bytes:
    return b"\n".join(path.name.encode() + path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def tables_of(gateway: Gateway) -> bytes:
    """Every column of every row, and the database's files as they are."""
    names = [name for (name,) in gateway.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    values = [value for name in names for row in gateway.rows(f'SELECT * FROM "{name}"') for value in row]
    texts = [value if isinstance(value, bytes) else str(value).encode() for value in values]
    files = [path.read_bytes() for path in gateway.journals.parent.glob("gateway.sqlite3*")]
    return b"\n".join([*texts, *files])


def found_in(content: bytes, *words: str) -> set[str]:
    """Each with a little of what is around it, as the failure should show it."""
    places = (re.search(rb".{0,60}%s.{0,60}" % re.escape(word.encode()), content, re.S) for word in words)
    return {place[0].decode("latin-1") for place in places if place}


def test_both_upstreams_told_all_they_were_sent(kept):
    assert set(kept.told) == {f"{name}-{word}" for name in ("claude", "local") for word in TOLD}
    assert all(MARK.encode() in told for told in kept.told.values())
    assert all(OWN["LOCAL_CF_ACCESS_CLIENT_SECRET"].encode() in kept.told[f"local-{word}"] for word in TOLD)
    assert all(any(word in told for word in LOCAL_CREDENTIALS) for name, told in kept.told.items() if "local" in name)
    assert all(OWN["ANTHROPIC_API_KEY"].encode() in kept.told[f"claude-{word}"] for word in TOLD)


def test_requests_were_answered_and_refused_in_every_way(kept):
    statuses = {answer.status_code for answer in kept.answers}

    assert statuses == {200, 400, 401, 404, 429, 502, 503}


@pytest.mark.parametrize("place", ["unshipped", "tables"])
def test_the_record_holds_what_it_should(kept, place):
    assert found_in(getattr(kept, place), TAG)


@pytest.mark.parametrize("place", ["unshipped", "shipped", "tables", "log"])
def test_nothing_that_clients_send_is_kept(kept, place):
    assert found_in(getattr(kept, place), MARK) == set()


@pytest.mark.parametrize("place", ["unshipped", "shipped", "tables", "log"])
def test_no_secret_of_the_gateway_is_kept(kept, place):
    assert found_in(getattr(kept, place), *OWN_SECRETS) == set()


def test_no_answer_tells_a_secret_of_the_gateway(kept):
    sent = b"\n".join(str(dict(answer.headers)).encode() + answer.content for answer in kept.answers)

    assert found_in(sent, *OWN_SECRETS) == set()
