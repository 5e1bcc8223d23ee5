"""An upstream's answer: its body whole or as it comes in, always closed, trouble on the line told in our tree."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

import httpx

from routing.providers.base import ProviderError, ProviderTimeoutError, ProviderUnavailableError
from routing.providers.failures import failure_of

logger = logging.getLogger(__name__)
WHOLE_ANSWER_LIMIT = 64 * 1024 * 1024
ERROR_BODY_LIMIT = 64 * 1024
DRAIN_SECONDS = 0.5


class Reply:
    """An answer whose head has arrived. As a context it gives the reads of its body, and closes it in the end."""

    __slots__ = (
        "_is_closed",
        "_log_level",
        "_reads",
        "_secrets",
        "_stream",
        "headers",
        "label",
        "request_id",
        "status",
    )

    def __init__(
        self, response: httpx.Response, label: str, secrets: Sequence[str] = (), log_level: int = logging.WARNING
    ) -> None:
        self.status = response.status_code
        # httpx's own mapping looks through all headers, and at their encoding, for each it is asked for
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw}
        self.request_id = upstream_request_id(self.headers)
        is_compressed = "content-encoding" in self.headers
        self._stream = Decoded(response) if is_compressed else cast(httpx.AsyncByteStream, response.stream)
        self._reads: AsyncIterator[bytes] | None = None
        self._is_closed = False
        self.label = label
        self._secrets = secrets
        self._log_level = log_level

    @property
    def is_at_end(self) -> bool:
        """Whether all of the body has been read, as far as its transport tells."""
        return getattr(self._stream, "is_at_end", False)

    async def failure(self) -> ProviderError:
        """For an answer that is not one."""
        start = await self.start_of_body()
        return failure_of(self.status, self.headers, start, self.label, self.request_id, self._secrets)

    def failure_inside(self, status: int, error: bytes) -> ProviderError:
        """For an error in a body or a stream, as the status it would have had."""
        return failure_of(status, {}, error, self.label, self.request_id, self._secrets)

    async def __aenter__(self) -> AsyncIterator[bytes]:
        self._reads = aiter(self._stream)
        return self._reads

    async def __aexit__(self, kind: object, exc: BaseException | None, traceback: object) -> None:
        await self.aclose()
        if isinstance(exc, httpx.HTTPError | httpx.StreamError):
            raise broken(exc, self.label, self.request_id, self._log_level) from exc

    async def body(self) -> bytes:
        """All of the body; too much of it is not an answer."""
        parts = []
        size = 0
        async with self as reads:
            async for data in reads:
                parts.append(data)
                size += len(data)
                if size > WHOLE_ANSWER_LIMIT:
                    what = f"{self.label} sent more than {WHOLE_ANSWER_LIMIT} bytes"
                    raise ProviderUnavailableError(what, kind="invalid_answer")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def start_of_body(self) -> bytes:
        """What fits of an error body; a connection that breaks here has already said enough."""
        start = b""
        with suppress(ProviderError):
            async with self as reads:
                async for data in reads:
                    start += data
                    if len(start) >= ERROR_BODY_LIMIT:
                        break
        return start[:ERROR_BODY_LIMIT]

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            if isinstance(self._reads, AsyncGenerator):
                await self._reads.aclose()
            await self._stream.aclose()


class Decoded(httpx.AsyncByteStream):
    """For a peer that compresses though we asked it not to."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._response.aiter_bytes():
            yield data

    async def aclose(self) -> None:
        await self._response.aclose()


async def drain(reply: Reply, reads: AsyncIterator[bytes]) -> None:
    """Read on to the transport's own end, so that the connection can be used again; not for long."""
    if reply.is_at_end:
        return
    with suppress(TimeoutError, httpx.HTTPError, httpx.StreamError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in reads:
                pass


def upstream_request_id(headers: Mapping[str, str]) -> str:
    return headers.get("request-id") or headers.get("x-request-id") or ""


def broken(exc: Exception, label: str, request_id: str = "", log_level: int = logging.WARNING) -> ProviderError:
    """httpx's error as ours. What failed before it was sent, or broke off unanswered, is worth one more try."""
    if isinstance(exc, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        logger.log(log_level, "%s cannot be reached: %r", label, exc)
        what = f"{label} cannot be reached"  # where it is, is for the log alone
        return ProviderUnavailableError(what, kind="connect_failed", is_retryable=True, was_sent=False)
    if isinstance(exc, httpx.TimeoutException):
        return ProviderTimeoutError(f"{label} was silent for too long", kind="timeout", upstream_request_id=request_id)
    logger.log(log_level, "%s broke off: %r", label, exc)
    return ProviderUnavailableError(
        f"{label} broke off",
        kind="broken_off",
        upstream_request_id=request_id,
        is_retryable=True,
    )
