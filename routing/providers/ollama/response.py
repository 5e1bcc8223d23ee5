"""Lines of `/api/chat` to indoor chunks."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.base import ChatCompletionChunk, ProviderRejectedError, ProviderUnavailableError
from routing.providers.chunks import Chunks
from routing.providers.ollama.calibration import Calibration
from routing.providers.ollama.request import Request
from routing.providers.ollama.tool_text import calls_in, is_marked, might_become_call
from routing.providers.reply import Reply

LINE_LIMIT = 16 * 1024 * 1024
HELD_CHARACTERS = 32 * 1024


class Function(msgspec.Struct, gc=False):
    name: str
    arguments: dict[str, Any] | None = None


class ToolCall(msgspec.Struct, gc=False):
    function: Function
    id: str = ""


class Message(msgspec.Struct, gc=False):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None


class Line(msgspec.Struct, gc=False):
    model: str = ""
    message: Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None  # left out when 0, and by some versions when all of it was cached
    eval_count: int | None = None
    error: Any = None


LINE = msgspec.json.Decoder(Line)


class Lines:
    """Whole lines out of reads that are cut anywhere."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            raise ProviderUnavailableError("a line of the stream is too large", kind="invalid_answer")
        return [line for line in whole if line.strip()]

    def flush(self) -> list[bytes]:
        rest, self._rest = self._rest, b""
        return [rest] if rest.strip() else []


class Translation:
    """One answer on its way indoors."""

    def __init__(
        self, chunks: Chunks, request: Request, calibration: Calibration, reply: Reply, *, with_usage: bool
    ) -> None:
        self._chunks = chunks
        self._account = chunks.account
        self._request = request
        self._calibration = calibration
        self._reply = reply
        self._with_usage = with_usage
        self._held: str | None = "" if request.tool_names else None  # text that may turn out to be a tool call
        self._characters = 0
        self.is_done = False

    def chunks_of(self, raw: bytes) -> Iterator[ChatCompletionChunk]:
        line = self._read(raw)
        if line.model:
            self._account.response_model = line.model
        if line.message is not None:
            yield from self._message(line.message)
        if line.done:
            yield from self._finish(line)

    def end(self) -> Sequence[ChatCompletionChunk]:
        if not self.is_done:
            raise self._invalid("a stream that ended before its answer did")
        return (self._chunks.usage(),) if self._with_usage else ()

    def _read(self, raw: bytes) -> Line:
        try:
            line = LINE.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise self._invalid("a line that cannot be read") from exc
        if line.error:
            raise self._reply.failure_inside(500, raw)
        return line

    def _message(self, message: Message) -> Iterator[ChatCompletionChunk]:
        if message.thinking:
            self._characters += len(message.thinking)
            yield self._chunks.delta({"reasoning_content": message.thinking})
        if message.content:
            self._characters += len(message.content)
            yield from self._text(message.content)
        for call in message.tool_calls or ():
            yield from self._release()
            yield self._chunks.tool_call(call.function.name, encoded(call.function.arguments), call.id or None)

    def _text(self, text: str) -> Iterator[ChatCompletionChunk]:
        if self._held is None:
            yield self._chunks.delta({"content": text})
            return
        self._held += text
        if len(self._held) > HELD_CHARACTERS or not might_become_call(self._held):
            yield from self._release()

    def _release(self) -> Iterator[ChatCompletionChunk]:
        held, self._held = self._held, None
        if held:
            yield self._chunks.delta({"content": held})

    def _finish(self, line: Line) -> Iterator[ChatCompletionChunk]:
        if self._held and (calls := calls_in(self._held, self._request.tool_names)):
            self._held = None
            for name, arguments in calls:
                yield self._chunks.tool_call(name, encoded(arguments))
        elif self._held and is_marked(self._held):
            raise self._unreadable_call()
        if line.done_reason in ("load", "unload") and not (self._characters or self._chunks.tool_calls):
            raise self._invalid("the news that the model was loaded or unloaded instead of an answer")
        yield from self._release()
        self._account.usage = self._usage(line)
        self._account.response_id = self._chunks.delta({})["id"]
        reason = "tool_calls" if self._chunks.tool_calls else "length" if line.done_reason == "length" else "stop"
        self._account.finish_reason = reason
        self._account.is_complete = True
        self.is_done = True
        yield self._chunks.delta({}, reason)

    def _usage(self, line: Line) -> Usage:
        """The counts that are there; what they leave out is estimated."""
        model, guess = self._request.body["model"], self._calibration.tokens
        read = self._read_of_prompt(line)
        at_least = max(guess(model, self._request.characters), line.prompt_eval_count or 0)
        return Usage(
            fresh_input_tokens=at_least if read is None else read,
            output_tokens=guess(model, self._characters) if line.eval_count is None else line.eval_count,
            is_estimated=read is None or line.eval_count is None,
        )

    def _read_of_prompt(self, line: Line) -> int | None:
        """How many tokens of it, where that is known; far too few are a prompt that was truncated."""
        model, sent, read = self._request.body["model"], self._request.characters, line.prompt_eval_count
        if read is None or not self._calibration.counts_whole():
            return None
        if self._calibration.is_truncated(model, sent, read):
            raise self._truncated(read)
        self._calibration.learn(model, sent, read)
        return read

    def _unreadable_call(self) -> ProviderRejectedError:
        """The client would take it for the answer; before the first byte another model may still serve."""
        what = f"{self._reply.label} wrote a tool call as text that cannot be read or names no declared tool"
        return ProviderRejectedError(what, kind="unreadable_tool_call", status=self._reply.status)

    def _truncated(self, read: int) -> ProviderRejectedError:
        return ProviderRejectedError(
            f"{self._reply.label} read only {read} tokens of the prompt: its context is smaller than it says",
            kind="truncated",
            status=self._reply.status,
        )

    def _invalid(self, what: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(f"{self._reply.label} sent {what}", kind="invalid_answer", status=200)


def encoded(arguments: dict[str, Any] | None) -> str:
    return msgspec.json.encode(arguments or {}).decode()
