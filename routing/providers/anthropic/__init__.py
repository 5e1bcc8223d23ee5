"""Claude, by the Messages API in its version of October 2026."""

import msgspec

from routing.providers import indoors
from routing.providers.anthropic.request import Request, build
from routing.providers.anthropic.response import completion_of
from routing.providers.anthropic.stream import Translation, translated
from routing.providers.base import Account, Answer, Call, Stream
from routing.providers.http import Upstream
from routing.providers.reply import OpenChunks, Reply

API_VERSION = "2026-10-21"
PATH = "/v1/messages"
WHOLE_UP_TO_TOKENS = 8_192  # a longer answer may take minutes: streamed, its silence can be told from its length


def headers(api_key: str) -> dict[str, str]:
    return {"x-api-key": api_key, "anthropic-version": API_VERSION}


class Anthropic:
    """`caches` adds Anthropic's automatic cache marker to conversations that profit from it."""

    name = "anthropic"
    dialect = "anthropic"

    def __init__(self, upstream: Upstream, *, caches: bool = True) -> None:
        self._upstream = upstream
        self._caches = caches

    async def complete(self, call: Call) -> Answer:
        request = build(call, caches=self._caches)
        if request.body["max_tokens"] > WHOLE_UP_TO_TOKENS:
            return await indoors.collected(await self._stream(call, request))
        reply = await self._post(call, request)
        account = Account(upstream_request_id=reply.request_id, dropped_params=request.dropped)
        raw = await reply.body()
        completion = completion_of(raw, account, indoors.Chunks(call, account), request.names, reply)
        return Answer(account, completion=completion)

    async def stream(self, call: Call) -> Stream:
        return await self._stream(call, build(call, caches=self._caches))

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _stream(self, call: Call, request: Request) -> Stream:
        request.body["stream"] = True
        reply = await self._post(call, request)
        account = Account(upstream_request_id=reply.request_id, dropped_params=request.dropped)
        translation = Translation(
            indoors.Chunks(call, account), request.names, reply, with_usage=indoors.wants_usage(call.body)
        )
        return Stream(account, OpenChunks(reply, translated(reply, translation)))

    async def _post(self, call: Call, request: Request) -> Reply:
        own = {"x-request-id": call.attempt_id, **call.headers}
        return await self._upstream.post(PATH, msgspec.json.encode(request.body), call.timeouts, own)
