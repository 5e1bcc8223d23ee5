"""A provider and a record that write into one list, so that a test can see what came before what."""

from collections.abc import AsyncGenerator
from typing import Any

from routing.engine.types import Usage
from routing.providers.base import Account, Answer, Call, ProviderError, Stream

USAGE = Usage(fresh_input_tokens=10, output_tokens=5)


def completion(model: str, text: str = "Hello") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


CHUNKS = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({}, "stop"),
)


class FakeProvider:
    """Answers, or raises the next of `failures`. `chunks` may hold an exception to break the stream with."""

    dialect = "fake"

    def __init__(self, name: str, log: list[Any]) -> None:
        self.name = name
        self.log = log
        self.calls: list[Call] = []
        self.failures: list[ProviderError] = []
        self.chunks: tuple[Any, ...] = CHUNKS
        self.is_closed = False

    def _begin(self, call: Call) -> Account:
        self.calls.append(call)
        self.log.append(f"call {self.name} {call.model}")
        if self.failures:
            raise self.failures.pop(0)
        return Account(response_model=call.model, response_id="chatcmpl-1")

    async def complete(self, call: Call) -> Answer:
        account = self._begin(call)
        finish(account)
        return Answer(account, completion(call.model))

    async def stream(self, call: Call) -> Stream:
        account = self._begin(call)
        return Stream(account, self._batches(account))

    async def _batches(self, account: Account) -> AsyncGenerator[Any, None]:
        try:
            for chunk in self.chunks:
                if isinstance(chunk, Exception):
                    raise chunk
                yield [chunk]
            finish(account)
        finally:
            self.is_closed = True

    async def aclose(self) -> None:
        pass


def finish(account: Account) -> None:
    account.usage, account.finish_reason, account.is_complete = USAGE, "stop", True


class FakeRecord:
    """Stands in for `audit.recording`'s functions; `failing` names those that cannot write."""

    def __init__(self, log: list[Any], unavailable: Exception) -> None:
        self.log = log
        self.unavailable = unavailable
        self.failing: set[str] = set()
        self.decisions: list[Any] = []
        self.intents: list[Any] = []
        self.outcomes: list[Any] = []

    async def decided(self, record: Any) -> None:
        self._note("decided", self.decisions, record)

    async def intended(self, record: Any) -> None:
        self._note("intended", self.intents, record)

    async def settled(self, record: Any) -> None:
        self._note("settled", self.outcomes, record)

    def left(self, record: Any) -> None:
        self._note("left", self.outcomes, record)

    def _note(self, name: str, records: list[Any], record: Any) -> None:
        if name in self.failing:
            raise self.unavailable
        records.append(record)
        self.log.append(name)


class Plain:
    """Renders what a test can read."""

    def chunk(self, chunk):
        delta, reason = chunk["choices"][0]["delta"], chunk["choices"][0]["finish_reason"]
        return f"<{reason}>".encode() if reason else delta.get("content", "").encode()

    def end(self):
        return b"<end>"

    def error(self, exc):
        return f"<error {exc.code}>".encode()
