"""What every provider is: the protocol, the values that cross it, and the error tree.

Indoors everyone speaks OpenAI chat completions in plain dicts. A provider turns a call into its own dialect
and the answer back. Where the caller's face already speaks the provider's dialect, bytes pass through.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from routing.engine.types import Usage

ChatCompletion = dict[str, Any]
ChatCompletionChunk = dict[str, Any]
Piece = ChatCompletionChunk | str
"""A chunk, or the text of one that holds nothing else and is otherwise like the chunk before it."""
Batch = Sequence[Piece] | bytes
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `between_bytes` also bounds the silence inside a stream."""

    connect: float = 5.0
    first_byte: float = 300.0
    between_bytes: float = 120.0


class Call(NamedTuple):
    """One upstream call. `body` is the parsed request in indoor form, with our own members removed.

    `raw` holds the top-level members exactly as the client sent them (values are undecoded JSON), when the
    face speaks `dialect`; a provider of the same dialect joins them again instead of encoding `body`.
    """

    model: str
    body: Mapping[str, Any]
    attempt_id: str
    dialect: str = "openai"
    raw: Mapping[str, msgspec.Raw] | None = None
    timeouts: Timeouts = Timeouts()
    headers: Mapping[str, str] = NO_HEADERS  # allow-listed client headers, e.g. anthropic-beta
    is_beta: bool = False  # asked for with `?beta=true`
    caches: bool = True  # a cache marker may be added where the client set none


@dataclass(slots=True)
class Account:
    """What one call turned out to be; filled as the answer comes in, readable at any moment."""

    response_model: str = ""
    response_id: str = ""
    upstream_request_id: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    is_complete: bool = False
    is_cache_marked: bool = False  # by us
    dropped_params: list[str] = field(default_factory=list)


class Answer(NamedTuple):
    """A whole answer: `completion` in indoor form, or `raw` bytes when the dialects match."""

    account: Account
    completion: ChatCompletion | None = None
    raw: bytes | None = None


@dataclass(slots=True)
class Stream:
    """An open stream, after the upstream answered 200.

    `batches` yields what each read of the upstream held: indoor chunks, or bytes (whole SSE frames, as they came)
    when `is_raw`. What completes the answer (the frame with the finish reason and all after it) is not yielded
    when raw but left in `tail`, so that the outcome can be made durable before it is sent. Closing `batches`
    closes the upstream connection. A break, an error event or an end without the protocol's own end raises a
    `ProviderError` from `batches`.
    """

    account: Account
    batches: AsyncGenerator[Batch, None]
    is_raw: bool = False
    tail: bytearray = field(default_factory=bytearray)


class Provider(Protocol):
    """One vendor's dialect. `complete` and `stream` raise only `ProviderError`s (and let cancellation through)."""

    name: str  # as recorded: local | anthropic
    dialect: str

    async def complete(self, call: Call) -> Answer: ...

    async def stream(self, call: Call) -> Stream: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class ErrandProvider(Protocol):
    """A provider that also fills in at a cursor and embeds; those without these methods cannot."""

    async def fill(self, call: Call) -> Stream:
        """What belongs between the body's `prompt` and `suffix`, as chunks in indoor form."""
        ...

    async def embed(self, call: Call) -> Answer:
        """The body's `input` as embeddings, in the form that OpenAI gives them."""
        ...


class ProviderError(Exception):
    """An upstream call that did not answer. `status` is the upstream's, `kind` a short recorded word.

    `was_sent` is False when the upstream cannot have seen the request; `is_retryable` says that one more try
    of the same call may help (connect failures, 5xx, 529, a 429 with a short retry-after). `body` is what the
    upstream said and `limits` the headers in which it told of its limits, for a client that speaks its dialect.
    """

    provider_name = ""  # set by the path, which knows whom it called

    def __init__(
        self,
        message: str,
        *,
        kind: str = "provider_error",
        status: int | None = None,
        retry_after: float | None = None,
        upstream_request_id: str = "",
        body: bytes = b"",
        limits: Mapping[str, str] = NO_HEADERS,
        is_retryable: bool = False,
        was_sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.status = status
        self.retry_after = retry_after
        self.upstream_request_id = upstream_request_id
        self.body = body
        self.limits = limits
        self.is_retryable = is_retryable
        self.was_sent = was_sent


class ProviderUnavailableError(ProviderError):
    """Not reachable, broken off, or answering 5xx or garbage."""


class ProviderTimeoutError(ProviderError):
    """Silent for too long."""


class ProviderRejectedError(ProviderError):
    """The upstream refuses this request (400, 404, 413): another try gives the same."""


class ProviderMisconfiguredError(ProviderError):
    """Our own key, address or access token is refused: the operator's trouble, never the client's 401."""


class RateLimitedError(ProviderError):
    """429 or 529; `retry_after` in seconds where the upstream said it."""
