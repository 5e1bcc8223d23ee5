"""Claude, by the Messages API in its version of October 2026, or the one that a client of that API names itself."""

import msgspec

from routing.providers import indoors
from routing.providers.anthropic.limits import RateLimits
from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import counted, passed
from routing.providers.anthropic.request import Request, build
from routing.providers.anthropic.response import completion_of
from routing.providers.anthropic.stream import Translation
from routing.providers.anthropic.tap import MessageTap, observe
from routing.providers.base import Account, Answer, Call, Stream
from routing.providers.chunks import Chunks, collected
from routing.providers.http import Upstream
from routing.providers.reply import Reply
from routing.providers.streaming import Events, OpenBatches, Translated

PATH = "/v1/messages"
COUNT_PATH = "/v1/messages/count_tokens"
WHOLE_UP_TO_TOKENS = 8_192  # a longer answer may take minutes: streamed, its silence can be told from its length


def headers(api_key: str) -> dict[str, str]:
    return {"x-api-key": api_key}


class Anthropic:
    """Adds Anthropic's automatic cache marker to conversations that profit from it, where the call allows it."""

    name = "anthropic"
    dialect = "anthropic"

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._limits = RateLimits()

    async def complete(self, call: Call) -> Answer:
        if call.raw is not None and call.dialect == self.dialect:
            return await self._pass_whole(call)
        request = build(call)
        if request.body["max_tokens"] > WHOLE_UP_TO_TOKENS:
            return await collected(await self._stream(call, request))
        reply, account = await self._translate(call, request)
        raw = await reply.body()
        completion = completion_of(raw, account, Chunks(call, account), request.names, reply)
        return Answer(account, completion=completion)

    async def stream(self, call: Call) -> Stream:
        if call.raw is None or call.dialect != self.dialect:
            return await self._stream(call, build(call))
        reply, account = await self._pass(call)
        tap = MessageTap(account, reply)
        return Stream(account, OpenBatches(reply, tap), is_raw=True, tail=tap.tail)

    async def count_tokens(self, call: Call) -> Answer:
        """The API's own count, as it came; nothing is answered and nothing charged."""
        members = counted(call, version_of(call))
        reply = await self._post(COUNT_PATH, members.joined(), call, API_VERSION)
        account = Account(upstream_request_id=reply.request_id, dropped_params=members.dropped)
        return Answer(account, raw=await reply.body())

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _pass_whole(self, call: Call) -> Answer:
        reply, account = await self._pass(call)
        raw = await reply.body()
        observe(account, raw, reply)
        return Answer(account, raw=raw)

    async def _pass(self, call: Call) -> tuple[Reply, Account]:
        members = passed(call, version_of(call))
        reply = await self._post(PATH, members.joined(), call, API_VERSION)
        return reply, Account(
            upstream_request_id=reply.request_id,
            dropped_params=members.dropped,
            is_cache_marked=members.is_cache_marked,
        )

    async def _stream(self, call: Call, request: Request) -> Stream:
        request.body["stream"] = True
        reply, account = await self._translate(call, request)
        translation = Translation(
            Chunks(call, account), request.names, reply, with_usage=indoors.wants_usage(call.body)
        )
        return Stream(account, OpenBatches(reply, Translated(Events(), translation)))

    async def _translate(self, call: Call, request: Request) -> tuple[Reply, Account]:
        reply = await self._post(PATH, msgspec.json.encode(request.body), call, request.version)
        return reply, Account(
            upstream_request_id=reply.request_id,
            dropped_params=request.dropped,
            is_cache_marked=request.is_cache_marked,
        )

    async def _post(self, path: str, content: bytes, call: Call, version: str) -> Reply:
        own = {"x-request-id": call.attempt_id, "anthropic-version": version, **call.headers}
        path = f"{path}?beta=true" if call.is_beta else path
        reply = await self._upstream.post(path, content, call.timeouts, own)
        self._limits.note(reply.headers)
        return reply


def version_of(call: Call) -> str:
    return call.headers.get("anthropic-version", API_VERSION)
