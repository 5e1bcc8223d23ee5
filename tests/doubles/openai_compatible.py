"""A server that speaks OpenAI chat completions, as vLLM does, in small. Words in the newest message make it misbehave:

[[500]], [[html]], [[break]] (cut off), [[crash]] (an error object in the middle), [[no-end]] (a stream that just
stops), [[slow:0.5]], [[drip:0.1]], [[say:text]].
"""

import asyncio
import json
from typing import Any

from tests.doubles.serving import Responder, body_of
from tests.doubles.words import MISBEHAVIOUR, SAY, WORD

MODEL = "qwen2.5-coder:14b-instruct"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ERROR = {"error": {"message": "the engine is dead", "type": "internal_error", "param": None, "code": 500}}


async def openai_compatible_double(scope: Any, receive: Any, send: Any) -> None:
    respond = Responder(send, {})
    if scope["path"] == "/v1/models":
        await answer(
            respond, 200, {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 8192}]}
        )
        return
    body = json.loads(await body_of(receive))
    if scope["path"] == "/v1/embeddings":
        await embedded(respond, body)
        return
    if scope["path"] == "/v1/completions":
        await filled(respond, body)
        return
    said = body["messages"][-1]["content"]
    text = said if isinstance(said, str) else "".join(part.get("text", "") for part in said)
    words = dict(MISBEHAVIOUR.findall(text))
    await asyncio.sleep(float(words.get("slow") or 0))
    if "html" in words:
        await respond.whole(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
    elif "500" in words:
        await answer(respond, 500, ERROR)
    else:
        found = SAY.search(text)
        await (streamed if body.get("stream") else whole)(respond, found[1] if found else "Hello", words)


async def embedded(respond: Responder, body: dict[str, Any]) -> None:
    given = body["input"]
    texts = [given] if isinstance(given, str) or isinstance(given[0], int) else given
    rows = [{"object": "embedding", "index": at, "embedding": [len(text) + 0.5] * 4} for at, text in enumerate(texts)]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    await answer(respond, 200, {"object": "list", "data": rows[::-1], "model": body["model"], "usage": usage})


async def filled(respond: Responder, body: dict[str, Any]) -> None:
    await respond.start(200, "text/event-stream")
    shape = {**shell("text_completion"), "model": body["model"]}
    for text, reason in ((body["prompt"] + "|", None), ("fill", None), ("|" + body["suffix"], "stop")):
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        await respond.more(frame({**shape, "choices": [choice]}))
    await respond.more(frame({**shape, "choices": [], "usage": USAGE}))
    await respond.more(b"data: [DONE]\n\n", is_last=True)


async def whole(respond: Responder, text: str, words: dict[str, str]) -> None:
    if "break" in words:
        await respond.start(200, "application/json", {"content-length": "5000"})
        await respond.more(b'{"id": "chatcmpl-1"')
        raise ConnectionResetError("as asked for")
    if {"crash", "no-end"} & words.keys():
        await answer(respond, 200, ERROR)
        return
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    await answer(respond, 200, {**shell("chat.completion"), "choices": [choice], "usage": USAGE})


async def streamed(respond: Responder, text: str, words: dict[str, str]) -> None:
    await respond.start(200, "text/event-stream")
    for number, part in enumerate(WORD.findall(text)):
        await respond.more(frame(chunk({"content": part})))
        await asyncio.sleep(float(words.get("drip") or 0))
        if number == 1 and "crash" in words:
            await respond.more(frame(ERROR), is_last=True)
            return
        if number == 1 and "no-end" in words:
            await respond.more(b"", is_last=True)
            return
        if number == 1 and "break" in words:
            await respond.more(b'data: {"id":')
            raise ConnectionResetError("as asked for")
    await respond.more(frame(chunk({}, "stop")))
    await respond.more(frame({**shell("chat.completion.chunk"), "choices": [], "usage": USAGE}))
    await respond.more(b"data: [DONE]\n\n", is_last=True)


def shell(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": MODEL}


def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {
        **shell("chat.completion.chunk"),
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


def frame(event: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(event).encode() + b"\n\n"


async def answer(respond: Responder, status: int, content: Any) -> None:
    await respond.whole(status, json.dumps(content).encode(), "application/json")
