"""A server that speaks OpenAI chat completions, as vLLM does, in small. Words in the newest message make it misbehave:

[[500]], [[html]], [[break]] (cut off), [[crash]] (an error object in the middle), [[no-end]] (a stream that just
stops), [[slow:0.5]], [[drip:0.1]], [[call:name {"json": 1}]], [[say:text]], [[length]].
`GET /double/requests` lists what was asked for so far.
"""

import asyncio
import json
from functools import cache
from itertools import count
from typing import Any

from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter, ValidationError

from tests.doubles.serving import Responder, body_of
from tests.doubles.words import CALL, MISBEHAVIOUR, SAY, WORD

MODEL = "qwen2.5-coder:14b-instruct"
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ERROR = {"error": {"message": "the engine is dead", "type": "internal_error", "param": None, "code": 500}}
UNKNOWN_HERE = ("max_completion_tokens", "provider", "system", "input")
numbers = count(1)


class OpenAICompatibleDouble:
    """Takes what the official client's types allow, and of that no more than such servers do."""

    def __init__(self, window: int = 8192) -> None:
        self.window = window
        self.requests: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        respond, path = Responder(send, {}), scope["path"]
        if path == "/v1/models":
            row = {"id": MODEL, "object": "model", "max_model_len": self.window}
            await answer(respond, 200, {"object": "list", "data": [row]})
        elif path == "/double/requests":
            await answer(respond, 200, self.requests)
        elif path in OTHERS:
            await OTHERS[path](respond, json.loads(await body_of(receive)))
        else:
            await self._chat(respond, json.loads(await body_of(receive)))

    async def _chat(self, respond: Responder, body: dict[str, Any]) -> None:
        complaint = complaint_about(body) or without_room(body, self.window)
        self.requests.append({"body": body, "complaint": complaint})
        if complaint is not None:
            error = {"message": complaint, "type": "BadRequestError", "param": None, "code": 400}
            await answer(respond, 400, {"error": error})
            return
        said = newest(body["messages"])
        text = said if isinstance(said, str) else "".join(part.get("text", "") for part in said)
        words = dict(MISBEHAVIOUR.findall(text))
        await asyncio.sleep(float(words.get("slow") or 0))
        if "html" in words:
            await respond.whole(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
        elif "500" in words:
            await answer(respond, 500, ERROR)
        else:
            found, calls = SAY.search(text), CALL.findall(text) if body.get("tools") else []
            spoken = found[1] if found else "" if calls else "Hello"
            await (streamed if body.get("stream") else whole)(respond, spoken, words, [made(*call) for call in calls])


@cache
def shape() -> TypeAdapter:
    return TypeAdapter(CompletionCreateParamsNonStreaming)


def complaint_about(body: dict[str, Any]) -> str | None:
    if unknown := [name for name in UNKNOWN_HERE if name in body]:
        return f"Extra inputs are not permitted: {unknown[0]}"
    if any(message["role"] == "developer" for message in body["messages"]):
        return "Unexpected message role."
    roles = [message["role"] for message in body["messages"]]
    if "system" in roles[next((at for at, role in enumerate(roles) if role != "system"), len(roles)) :]:
        return "System message must be at the beginning."
    try:
        checked = shape().validate_python({name: value for name, value in body.items() if name != "stream"})
        list(checked["messages"])
    except ValidationError as exc:
        error = exc.errors()[0]
        return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
    return None


def newest(messages: list[dict[str, Any]]) -> Any:
    """What was said last, rules of the client's put behind it left aside."""
    last = [message["content"] for message in messages if "<system_message>" not in str(message["content"])]
    return (last or [messages[-1]["content"]])[-1]


def without_room(body: dict[str, Any], window: int) -> str | None:
    """Where the limit is to blame, not the prompt."""
    limit, prompt = body.get("max_tokens") or 1, len(json.dumps(body["messages"])) // 4
    if limit + prompt <= window or prompt > window:
        return None
    return f"'max_tokens' is too large: {limit}. This model's maximum context length is {window} tokens"


def made(name: str, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments or "{}"}
    return {"id": f"call_{next(numbers):08x}", "type": "function", "function": function}


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


async def whole(respond: Responder, text: str, words: dict[str, str], calls: list[dict[str, Any]]) -> None:
    if "break" in words:
        await respond.start(200, "application/json", {"content-length": "5000"})
        await respond.more(b'{"id": "chatcmpl-1"')
        raise ConnectionResetError("as asked for")
    if {"crash", "no-end"} & words.keys():
        await answer(respond, 200, ERROR)
        return
    message = {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason(words, calls)}
    await answer(respond, 200, {**shell("chat.completion"), "choices": [choice], "usage": USAGE})


async def streamed(respond: Responder, text: str, words: dict[str, str], calls: list[dict[str, Any]]) -> None:
    await respond.start(200, "text/event-stream")
    await respond.more(frame(chunk({"role": "assistant", "content": ""})))
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
    for index, call in enumerate(calls):
        for fragment in fragments(index, call):
            await respond.more(frame(chunk({"tool_calls": [fragment]})))
    await respond.more(frame(chunk({}, finish_reason(words, calls))))
    await respond.more(frame({**shell("chat.completion.chunk"), "choices": [], "usage": USAGE}))
    await respond.more(b"data: [DONE]\n\n", is_last=True)


def fragments(index: int, call: dict[str, Any]) -> list[dict[str, Any]]:
    """The name first, the arguments in two pieces."""
    given, named = call["function"]["arguments"], {**call["function"], "arguments": ""}
    middle = len(given) // 2
    pieces = [{"index": index, "function": {"arguments": part}} for part in (given[:middle], given[middle:])]
    return [{"index": index, **call, "function": named}, *pieces]


def finish_reason(words: dict[str, str], calls: list[dict[str, Any]]) -> str:
    return "length" if "length" in words else "tool_calls" if calls else "stop"


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


OTHERS = {"/v1/embeddings": embedded, "/v1/completions": filled}
