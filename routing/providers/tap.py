"""Watches OpenAI answers and streams go by as bytes, and parses only what the record needs."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from routing.engine.types import Usage
from routing.providers import sse
from routing.providers.base import Account, ProviderError, ProviderUnavailableError
from routing.providers.reply import Reply

NOTABLE = (
    b'"finish_reason":"',
    b'"finish_reason": "',
    b'"usage":{',
    b'"usage": {',
    b'"error"',
    b"[DONE]",
)  # inside of texts each quotation mark has a backslash before it
DONE = b"[DONE]"


class CachedTokens(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class ReasoningTokens(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class TokenCounts(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: CachedTokens | None = None
    completion_tokens_details: ReasoningTokens | None = None

    def as_usage(self) -> Usage:
        prompt = self.prompt_tokens or 0
        cached = min(prompt, (self.prompt_tokens_details and self.prompt_tokens_details.cached_tokens) or 0)
        reasoning = (self.completion_tokens_details and self.completion_tokens_details.reasoning_tokens) or 0
        return Usage(
            fresh_input_tokens=prompt - cached,
            cache_read_input_tokens=cached,
            output_tokens=self.completion_tokens or 0,
            reasoning_tokens=reasoning,
        )


class Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None


class Tapped(msgspec.Struct, gc=False):
    """What the record needs of an answer or a chunk; everything else is skipped by the parser."""

    id: str = ""
    model: str = ""
    choices: list[Choice] = []
    usage: TokenCounts | None = None
    error: Any = None


TAP = msgspec.json.Decoder(Tapped)


def observe(account: Account, payload: bytes, reply: Reply) -> Tapped:
    """Fill the account from an answer or a chunk; an error object inside a 200 is raised as what it is."""
    try:
        tapped = TAP.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise invalid("an answer that cannot be read", reply) from exc
    if tapped.error:
        raise error_inside(tapped.error, payload, reply)
    account.response_id = account.response_id or tapped.id
    account.response_model = account.response_model or tapped.model
    if tapped.usage is not None:
        account.usage = tapped.usage.as_usage()
    for choice in tapped.choices:
        account.finish_reason = choice.finish_reason or account.finish_reason
    return tapped


class Tap:
    """Reads a stream of OpenAI's own chunks: passes the frames on and keeps back what completes the answer."""

    __slots__ = ("_account", "_frames", "_keeps_usage", "_reply", "_unfinished", "failure", "is_done", "tail")
    notable: ClassVar[Sequence[bytes]] = NOTABLE

    def __init__(self, account: Account, reply: Reply, *, choices: int, keeps_usage: bool) -> None:
        self.tail = bytearray()
        self.is_done = False
        self.failure: ProviderError | None = None
        self._account = account
        self._reply = reply
        self._frames = sse.Frames()
        self._unfinished = choices
        self._keeps_usage = keeps_usage

    def feed(self, data: bytes) -> bytes:
        """What of these bytes may be sent at once; the rest went to the tail."""
        block = self._frames.feed(data)
        if block and self._unremarkable(block, 0) == len(block):
            return block
        return self._pass_on(block)

    def finish(self) -> bytes:
        """Some servers leave out the last blank line, or `[DONE]` after a whole answer: clients wait for it."""
        if self.is_done or self.failure is not None:
            return b""
        rest = self._frames.flush()
        passed = self._pass_on(rest + b"\n\n") if rest else b""
        try:
            if self.failure is None and not self.is_done:
                self.check_end()
                self.tail += b"data: [DONE]\n\n"
        except ProviderError as exc:
            self.failure = exc
        return passed

    def _pass_on(self, block: bytes) -> bytes:
        passed, start = b"", 0
        while start < len(block):
            unremarkable = self._unremarkable(block, start)
            passed += block[start:unremarkable]
            start = sse.end_of_first_frame(block, unremarkable)
            frame = block[unremarkable:start]
            try:
                payload = sse.data_of(frame)
                is_meant = frame.lstrip().startswith(b":") if payload is None else self.see(payload) is not None
                if not is_meant:
                    continue  # what is neither data nor a comment is no event either: a body of another kind
            except ProviderError as exc:
                self.failure = exc  # what stands before it is sent first
                break
            if self._unfinished > 0:
                passed += frame
            else:
                self.tail += frame
        return passed

    def _unremarkable(self, block: bytes, start: int) -> int:
        """Where the frames end that nothing is to be learnt from, by a search for the words of those that tell."""
        if not self._account.response_id or self._unfinished <= 0:
            return start
        found = [at for word in self.notable if (at := block.find(word, start)) >= 0]
        return max(start, sse.end_of_frames(block[: min(found)], start)) if found else len(block)

    def see(self, payload: bytes) -> Tapped | bytes | None:
        """Note one event; None for the usage that was asked for on the record's behalf only."""
        if payload == DONE:
            self.is_done = True
            self.check_end()
            return payload
        tapped = observe(self._account, payload, self._reply)
        self._unfinished -= sum(1 for choice in tapped.choices if choice.finish_reason)
        if tapped.usage is not None and not tapped.choices and not self._keeps_usage:
            return None
        return tapped

    @property
    def knows_answer(self) -> bool:
        """Its identity and model are noted; further pieces tell nothing new."""
        return bool(self._account.response_id and self._account.response_model)

    def check_end(self) -> None:
        """An end before each choice has its finish reason is a failure, never a stop."""
        if self._unfinished > 0:
            raise invalid("a stream that ended before its answer did", self._reply)
        self._account.is_complete = True


def invalid(what: str, reply: Reply) -> ProviderUnavailableError:
    return ProviderUnavailableError(
        f"{reply.label} sent {what}",
        kind="invalid_answer",
        status=reply.status,
        upstream_request_id=reply.request_id,
    )


def error_inside(error: Any, payload: bytes, reply: Reply) -> ProviderError:
    """An error object under a 200 or within a stream; some servers put the status into its code."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return reply.failure_inside(status, payload)
