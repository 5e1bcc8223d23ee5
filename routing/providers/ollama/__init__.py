"""Ollama, by its native API: its OpenAI-style endpoint cannot set the context and cuts prompts silently."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from routing.providers import indoors
from routing.providers.base import (
    Account,
    Answer,
    Call,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
    Stream,
)
from routing.providers.chunks import Chunks, collected
from routing.providers.filling import Filling
from routing.providers.http import Upstream
from routing.providers.ollama import errands
from routing.providers.ollama.calibration import Calibration
from routing.providers.ollama.request import build, kept_alive
from routing.providers.ollama.response import Lines, Translation
from routing.providers.reply import Reply
from routing.providers.streaming import OpenBatches, Translated

PATH = "/api/chat"
BUSY_SECONDS = 5.0


class Ollama:
    """`thinks` says whether a model has the thinking capability: asking others to think is refused by the server.
    `sees` says whether it can look at images: some versions leave them out without a word.
    `counts_whole` says whether the server counts what was cached of a prompt too: some versions do not."""

    name = "local"
    dialect = "ollama"

    def __init__(
        self,
        upstream: Upstream,
        *,
        num_ctx: int,
        keep_alive: str,
        thinks: Callable[[str], bool] = lambda model: False,
        sees: Callable[[str], bool | None] = lambda model: None,
        counts_whole: Callable[[], bool] = lambda: True,
    ) -> None:
        self._upstream = upstream
        self._num_ctx = num_ctx
        self._keep_alive = keep_alive
        self._thinks = thinks
        self._sees = sees
        self._calibration = Calibration(counts_whole)

    async def complete(self, call: Call) -> Answer:
        """Streamed all the same: a slow model is not silent, and who goes away stops it."""
        return await collected(await self.stream(call))

    async def stream(self, call: Call) -> Stream:
        request = build(
            call,
            num_ctx=self._num_ctx,
            keep_alive=self._keep_alive,
            thinks=self._thinks(call.model),
            sees=self._sees(call.model) is not False,
        )
        reply = await self._post(call, request.body)
        account = Account(upstream_request_id=reply.request_id, dropped_params=request.dropped)
        chunks = Chunks(call, account)
        with_usage = indoors.wants_usage(call.body)
        translation = Translation(chunks, request, self._calibration, reply, with_usage=with_usage)
        return Stream(account, OpenBatches(reply, Translated(Lines(), translation)))

    async def fill(self, call: Call) -> Stream:
        body = errands.fill_body(call, num_ctx=self._num_ctx, keep_alive=kept_alive(self._keep_alive))
        reply = await self._post(call, body, errands.FILL_PATH)
        account = Account(upstream_request_id=reply.request_id)
        chunks = Chunks(call, account)
        filling = Filling(errands.chunk_of, chunks, reply, with_usage=indoors.wants_usage(call.body))
        return Stream(account, OpenBatches(reply, Translated(Lines(), filling)))

    async def embed(self, call: Call) -> Answer:
        body = errands.embed_body(call, keep_alive=kept_alive(self._keep_alive))
        reply = await self._post(call, body, errands.EMBED_PATH)
        account = Account(upstream_request_id=reply.request_id)
        return Answer(account, errands.vectors_of(await reply.body(), call.body, account, reply))

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _post(self, call: Call, body: Mapping[str, Any], path: str = PATH) -> Reply:
        headers = {"x-request-id": call.attempt_id}
        try:
            return await self._upstream.post(path, msgspec.json.encode(body), call.timeouts, headers)
        except ProviderRejectedError as exc:
            raise explained(exc, call.model) from exc
        except ProviderUnavailableError as exc:
            if exc.status == 503:
                raise busy(exc) from exc
            raise


def busy(exc: ProviderUnavailableError) -> RateLimitedError:
    """Its queue is full: it is well, so that no breaker should open, and another try at once only makes it longer."""
    return RateLimitedError(
        exc.message,
        kind="overloaded",
        status=503,
        retry_after=exc.retry_after or BUSY_SECONDS,
        upstream_request_id=exc.upstream_request_id,
    )


def explained(exc: ProviderRejectedError, model: str) -> ProviderError:
    """The server's reason with what to do about it."""
    if exc.kind == "model_not_found":
        exc.message = f"{exc.message}: run `ollama pull {model}`"
    elif "does not support tools" in exc.message:
        exc.kind = "tools_not_supported"
    elif "does not support insert" in exc.message:
        exc.kind = "fill_not_supported"
        exc.message = f"{exc.message}: set LOCAL_FIM_MODEL to one that was trained to fill in"
    return exc
