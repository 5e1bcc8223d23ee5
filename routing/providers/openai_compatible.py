"""Servers that speak OpenAI chat completions: vLLM, llama.cpp, LM Studio, the embedded model.

The same dialect on both sides passes through: members as the client sent them, answers as bytes, with a tap.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from routing.providers import openai_errands, openai_kinds, sse
from routing.providers.base import Account, Answer, Call, ChatCompletionChunk, Stream
from routing.providers.http import Upstream
from routing.providers.indoors import wants_usage
from routing.providers.reply import OpenChunks, Reply, drain
from routing.providers.tap import Tap, invalid, observe

PATH = "/v1/chat/completions"
OUR_MEMBERS = ("model", "provider", "stream", "stream_options")


class OpenAICompatible:
    dialect = "openai"

    def __init__(self, upstream: Upstream, name: str = "local") -> None:
        self.name = name
        self._upstream = upstream

    async def complete(self, call: Call) -> Answer:
        reply = await self._post(call, request_body(call))
        raw = await reply.body()
        account = Account(upstream_request_id=reply.request_id)
        tapped = observe(account, raw, reply)
        if not tapped.choices:
            raise invalid("an answer without choices", reply)
        account.is_complete = True
        if account.usage is None:
            account.usage = openai_kinds.estimated(call.body, raw)
        if call.raw is not None and call.dialect == self.dialect:
            return Answer(account, raw=raw)
        return Answer(account, completion=openai_kinds.indoor(msgspec.json.decode(raw)))

    async def stream(self, call: Call) -> Stream:
        reply = await self._post(call, request_body(call, stream=True))
        account = Account(upstream_request_id=reply.request_id)
        tap = Tap(account, reply, choices=choices_wanted(call.body), keeps_usage=wants_usage(call.body))
        if call.raw is not None and call.dialect == self.dialect:
            return Stream(account, OpenChunks(reply, passed_through(reply, tap)), is_raw=True, tail=tap.tail)
        return Stream(account, OpenChunks(reply, decoded(reply, tap)))

    async def fill(self, call: Call) -> Stream:
        content = openai_errands.body_of(call, stream=True, stream_options={"include_usage": True})
        reply = await self._post(call, content, openai_errands.FILL_PATH)
        account = Account(upstream_request_id=reply.request_id)
        tap = Tap(account, reply, choices=1, keeps_usage=wants_usage(call.body))
        return Stream(account, OpenChunks(reply, openai_errands.as_chat(decoded(reply, tap))))

    async def embed(self, call: Call) -> Answer:
        reply = await self._post(call, openai_errands.body_of(call), openai_errands.EMBED_PATH)
        account = Account(upstream_request_id=reply.request_id)
        return Answer(account, openai_errands.vectors_of(await reply.body(), call.body, account, reply))

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _post(self, call: Call, content: bytes, path: str = PATH) -> Reply:
        headers = {"x-request-id": call.attempt_id, **call.headers}
        return await self._upstream.post(path, content, call.timeouts, headers)


def request_body(call: Call, *, stream: bool = False) -> bytes:
    """The client's own members where they are known, joined as they came; ours replaced."""
    members: dict[str, Any] = dict(call.raw if call.raw is not None and call.dialect == "openai" else call.body)
    for name in OUR_MEMBERS:
        members.pop(name, None)
    openai_kinds.adapt(members, call.body)
    members["model"] = call.model
    if stream:
        members["stream"] = True
        members["stream_options"] = {**stream_options(call.body), "include_usage": True}
    return msgspec.json.encode(members)


def stream_options(body: Mapping[str, Any]) -> dict[str, Any]:
    options = body.get("stream_options")
    return options if isinstance(options, dict) else {}


def choices_wanted(body: Mapping[str, Any]) -> int:
    wanted = body.get("n")
    return wanted if isinstance(wanted, int) and wanted > 0 else 1


async def blocks(reply: Reply, tap: Tap) -> AsyncGenerator[bytes, None]:
    """Whole frames as they come in, until the protocol's own end."""
    frames = sse.Frames()
    async with aclosing(reply.reads()) as reads:
        async for data in reads:
            if block := frames.feed(data):
                yield block
            if tap.is_done:
                await drain(reads)
                return
    if rest := frames.flush():
        yield rest + b"\n\n"
    tap.check_end()


async def passed_through(reply: Reply, tap: Tap) -> AsyncGenerator[bytes, None]:
    async with aclosing(blocks(reply, tap)) as whole:
        async for block in whole:
            if passed := tap.pass_on(block):
                yield passed
            if tap.failure is not None:
                raise tap.failure
    if not tap.is_done:
        tap.tail += b"data: [DONE]\n\n"  # some servers leave it out; the answer is whole, and clients wait for it


async def decoded(reply: Reply, tap: Tap) -> AsyncGenerator[ChatCompletionChunk, None]:
    async with aclosing(blocks(reply, tap)) as whole:
        async for block in whole:
            for frame in sse.split(block):
                payload = sse.data_of(frame)
                if payload is not None and tap.see(payload) is not None and not tap.is_done:
                    chunk = msgspec.json.decode(payload)
                    yield openai_kinds.indoor(chunk) if b'"reasoning"' in payload else chunk
