"""Servers that speak OpenAI chat completions: vLLM, llama.cpp, LM Studio, the embedded model.

The same dialect on both sides passes through: members as the client sent them, answers as bytes, with a tap.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from routing.providers import infill, openai_errands, openai_kinds
from routing.providers.base import Account, Answer, Call, ChatCompletionChunk, Piece, ProviderRejectedError, Stream
from routing.providers.chunks import Chunks
from routing.providers.filling import Filling
from routing.providers.http import Upstream
from routing.providers.indoors import wants_usage
from routing.providers.reply import Reply
from routing.providers.streaming import Events, OpenBatches, Translated
from routing.providers.tap import Tap, invalid, observe

PATH = "/v1/chat/completions"
OUR_MEMBERS = ("model", "provider", "stream", "stream_options")
decode = msgspec.json.Decoder().decode


class OpenAICompatible:
    dialect = "openai"

    def __init__(
        self,
        upstream: Upstream,
        name: str = "local",
        *,
        infills: Callable[[], bool] = lambda: False,
        window: Callable[[str], int | None] = lambda model: None,
    ) -> None:
        """`infills` says whether the server has llama.cpp's own way to fill in at a cursor, `window` how many tokens
        a model has room for."""
        self.name = name
        self._upstream = upstream
        self._infills = infills
        self._window = window

    async def complete(self, call: Call) -> Answer:
        content, dropped = request_of(call, self._window(call.model))
        reply = await self._post(call, content)
        raw = await reply.body()
        account = Account(upstream_request_id=reply.request_id, dropped_params=dropped)
        tapped = observe(account, raw, reply)
        if not tapped.choices:
            raise invalid("an answer without choices", reply)
        account.is_complete = True
        if account.usage is None:
            account.usage = openai_kinds.estimated(call.body, raw)
        if call.raw is not None and call.dialect == self.dialect:
            return Answer(account, raw=raw)
        return Answer(account, completion=openai_kinds.indoor(decode(raw)))

    async def stream(self, call: Call) -> Stream:
        content, dropped = request_of(call, self._window(call.model), stream=True)
        reply = await self._post(call, content)
        account = Account(upstream_request_id=reply.request_id, dropped_params=dropped)
        tap = Tap(account, reply, choices=choices_wanted(call.body), keeps_usage=wants_usage(call.body))
        if call.raw is not None and call.dialect == self.dialect:
            return Stream(account, OpenBatches(reply, tap), is_raw=True, tail=tap.tail)
        return Stream(account, OpenBatches(reply, Translated(Events(), Decoded(tap, as_text=True))))

    async def fill(self, call: Call) -> Stream:
        if self._infills():
            return await self._infill(call)
        content = openai_errands.body_of(call, stream=True, stream_options={"include_usage": True})
        reply = await self._post(call, content, openai_errands.FILL_PATH)
        account = Account(upstream_request_id=reply.request_id)
        tap = Tap(account, reply, choices=1, keeps_usage=wants_usage(call.body))
        return Stream(account, OpenBatches(reply, Translated(Events(), openai_errands.Filled(Decoded(tap)))))

    async def embed(self, call: Call) -> Answer:
        reply = await self._post(call, openai_errands.body_of(call), openai_errands.EMBED_PATH)
        account = Account(upstream_request_id=reply.request_id)
        return Answer(account, openai_errands.vectors_of(await reply.body(), call.body, account, reply))

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _infill(self, call: Call) -> Stream:
        try:
            reply = await self._post(call, infill.body_of(call), infill.PATH)
        except ProviderRejectedError as exc:
            raise infill.explained(exc) from exc
        account = Account(upstream_request_id=reply.request_id)
        chunks = Chunks(call, account)
        filling = Filling(infill.chunk_of, chunks, reply, with_usage=wants_usage(call.body))
        return Stream(account, OpenBatches(reply, Translated(Events(), filling)))

    async def _post(self, call: Call, content: bytes, path: str = PATH) -> Reply:
        headers = {"x-request-id": call.attempt_id, **call.headers}
        return await self._upstream.post(path, content, call.timeouts, headers)


def request_of(call: Call, window: int | None = None, *, stream: bool = False) -> tuple[bytes, list[str]]:
    """The client's own members where they are known, joined as they came, ours replaced; and what was left out."""
    raw = call.raw if call.dialect == "openai" else None
    members: dict[str, Any] = dict(call.body if raw is None else raw)
    for name in OUR_MEMBERS:
        members.pop(name, None)
    openai_kinds.adapt(members, call.body)
    if raw is None:
        members["messages"] = openai_kinds.place_late_system(members["messages"])
    dropped = openai_kinds.fit_limit(members, call.body, window)
    members["model"] = call.model
    if stream:
        members["stream"] = True
        members["stream_options"] = {**stream_options(call.body), "include_usage": True}
    return msgspec.json.encode(members), dropped


def stream_options(body: Mapping[str, Any]) -> dict[str, Any]:
    options = body.get("stream_options")
    return options if isinstance(options, dict) else {}


def choices_wanted(body: Mapping[str, Any]) -> int:
    wanted = body.get("n")
    return wanted if isinstance(wanted, int) and wanted > 0 else 1


class TextDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: str
    role: str | None = None
    refusal: None = None
    reasoning_content: None = None
    tool_calls: None = None
    function_call: None = None


class TextChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: TextDelta
    index: Literal[0] = 0
    finish_reason: None = None
    logprobs: None = None


class TextChunk(msgspec.Struct, gc=False):
    choices: tuple[TextChoice]
    usage: None = None
    error: None = None


TEXT = msgspec.json.Decoder(TextChunk)


class Decoded:
    """OpenAI's chunks are the indoor form; one that is meant for the record alone does not go on.

    `as_text`: of chunks that are nothing but text, which in most answers all are but the first and last, only that.
    """

    __slots__ = ("_as_text", "_tap")

    def __init__(self, tap: Tap, *, as_text: bool = False) -> None:
        self._tap = tap
        self._as_text = as_text

    @property
    def is_done(self) -> bool:
        return self._tap.is_done

    def chunks_of(self, payload: bytes) -> Sequence[Piece]:
        tap = self._tap
        if self._as_text and tap.knows_answer:
            if text := text_of(payload):
                return (text,)
            self._as_text = False  # tools or thoughts: more of them follow
        chunk = ordinary(payload) if tap.knows_answer else None
        if chunk is None:
            if tap.see(payload) is None or tap.is_done:
                return ()
            chunk = decode(payload)
        return (openai_kinds.indoor(chunk) if b'"reasoning"' in payload else chunk,)

    def end(self) -> Sequence[ChatCompletionChunk]:
        if not self.is_done:
            self._tap.check_end()
        return ()


def text_of(payload: bytes) -> str:
    """Empty for a chunk that holds anything else."""
    try:
        return TEXT.decode(payload).choices[0].delta.content
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def ordinary(payload: bytes) -> ChatCompletionChunk | None:
    """A piece of the answer as most are, with nothing in it for the record; None for others, unreadable ones too."""
    try:
        chunk = decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if type(chunk) is not dict or chunk.get("usage") or chunk.get("error"):
        return None
    choices = chunk.get("choices")
    if type(choices) is not list or len(choices) != 1 or type(choices[0]) is not dict:
        return None
    return chunk if choices[0].get("finish_reason") is None else None
