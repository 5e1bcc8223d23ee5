"""A closed-loop load client in a process of its own: each connection asks again as soon as it was answered.

`python -m bench.load SPEC` prints one JSON line. Raw protocol and httptools, so that it stays far below one core.
"""

import asyncio
import json
import sys
import time
from typing import Any, NamedTuple

import httptools
import msgspec
import uvloop

GIVE_UP_AFTER = 100  # errors
PATIENCE_SECONDS = 30.0  # for the answers still under way when the time is over


class Spec(msgspec.Struct):
    port: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    connections: int
    seconds: float
    warm_seconds: float = 0.5
    spread_seconds: float = 0.0  # over which the connections begin; in step they would measure each other's queue

    def request(self) -> bytes:
        content = json.dumps(self.body).encode()
        fields = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json", **self.headers}
        fields["Content-Length"] = str(len(content))
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


class Result(msgspec.Struct):
    """Milliseconds; `answers` counts the warm-up too, the latencies and `per_second` do not."""

    answers: int
    errors: int
    events: int
    per_second: float
    p50: float
    p95: float
    p99: float
    first_p50: float
    cpu_seconds: float
    seconds: float
    error: str = ""


class Sample(NamedTuple):
    first: float
    last: float


class Load:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.request = spec.request()
        self.loop = asyncio.get_running_loop()
        self.samples: list[Sample] = []
        self.answers = self.errors = self.events = 0
        self.error = ""
        self.open = 0
        self.done = self.loop.create_future()

    async def run(self) -> Result:
        started_at = time.perf_counter()
        self.warm_until = started_at + self.spec.warm_seconds
        self.ends_at = self.warm_until + self.spec.seconds
        for _ in range(self.spec.connections):
            await self.connect()
            await asyncio.sleep(self.spec.spread_seconds / self.spec.connections)
        await asyncio.wait_for(self.done, self.spec.warm_seconds + self.spec.seconds + PATIENCE_SECONDS)
        first = sorted(sample.first for sample in self.samples)
        last = sorted(sample.last for sample in self.samples)
        return Result(
            answers=self.answers,
            errors=self.errors,
            events=self.events,
            per_second=len(last) / self.spec.seconds,
            p50=at(last, 0.5),
            p95=at(last, 0.95),
            p99=at(last, 0.99),
            first_p50=at(first, 0.5),
            cpu_seconds=time.process_time(),
            seconds=time.perf_counter() - started_at,
            error=self.error,
        )

    async def connect(self) -> None:
        self.open += 1
        await self.loop.create_connection(lambda: Asker(self), "127.0.0.1", self.spec.port)

    def answered(self, sent_at: float, first_at: float, status: int, body: bytes) -> bool:
        """Whether to go on."""
        now = time.perf_counter()
        self.answers += 1
        if status != 200:
            self.failed(f"status {status}: {body[:200]!r}")
        elif self.warm_until <= sent_at and now <= self.ends_at:
            self.samples.append(Sample((first_at - sent_at) * 1e3, (now - sent_at) * 1e3))
        return now < self.ends_at and self.errors < GIVE_UP_AFTER

    def failed(self, error: str) -> None:
        self.errors += 1
        self.error = self.error or error

    def closed(self) -> None:
        self.open -= 1
        if not self.open and not self.done.done():
            self.done.set_result(None)


class Asker(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self.load = load
        self.is_asking = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)
        self.ask()

    def ask(self) -> None:
        self.is_asking = True
        self.first_at = 0.0
        self.body = b""
        self.sent_at = time.perf_counter()
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        if not self.first_at:
            self.first_at = time.perf_counter()
            self.body = body
        self.load.events += body.count(b"data: ")

    def on_message_complete(self) -> None:
        self.is_asking = False
        if self.load.answered(self.sent_at, self.first_at, self.parser.get_status_code(), self.body):
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_asking:
            self.load.failed(f"connection lost: {exc}")
        self.load.closed()


def at(values: list[float], share: float) -> float:
    return values[int(share * (len(values) - 1))] if values else 0.0


async def main(text: str) -> Result:
    return await Load(msgspec.json.decode(text, type=Spec)).run()


if __name__ == "__main__":
    print(msgspec.json.encode(uvloop.run(main(sys.argv[1]))).decode())
