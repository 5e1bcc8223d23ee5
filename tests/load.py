"""A bounded load on a gateway, whole and streamed, in both protocols, that notes what its clients really got."""

import asyncio
import itertools
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.gateway import KEY, Gateway, wait_until

CLIENTS = 8
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 30
SAID = "[[say:one two three four]][[drip:0.01]]"
ENDS = {"/v1/chat/completions": b"data: [DONE]", "/v1/messages": b"event: message_stop"}


class Load:
    """`answered` holds the decisions whose answers came in whole; `statuses` counts all that had one.

    `errors` holds the newest body of each status but 200.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._url = gateway.url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.answered: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.errors: dict[int, bytes] = {}
        self.broken = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=PATIENCE_SECONDS)

    def more(self, count: int) -> None:
        """Wait until so many more answers are whole."""
        goal = len(self.answered) + count
        wait_until(lambda: len(self.answered) >= goal, f"{count} more answers are in")

    async def _run(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=PATIENCE_SECONDS) as client:
            await asyncio.gather(*(self._ask_on(client, number) for number in range(CLIENTS)))

    async def _ask_on(self, client: httpx.AsyncClient, number: int) -> None:
        for turn in itertools.count(number):
            if self._stop.is_set():
                return
            try:
                await self._ask(client, turn)
            except httpx.TransportError:
                self.broken += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, client: httpx.AsyncClient, turn: int) -> None:
        path, is_stream = list(ENDS)[turn % 2], turn // 2 % 2 == 1
        body = {"model": "sonnet" if turn % 4 else "auto", "stream": is_stream, "max_tokens": 200}
        body["messages"] = [{"role": "user", "content": f"Turn {turn}. {SAID}"}]
        async with client.stream("POST", path, json=body, headers={"x-api-key": KEY}) as response:
            self.statuses[response.status_code] += 1
            content = await response.aread()
        if response.status_code != 200:
            self.errors[response.status_code] = content
        if response.status_code == 200 and (not is_stream or ENDS[path] in content):
            self.answered.append(response.headers["x-smartgateway-decision-id"].replace("-", ""))


@contextmanager
def loaded(gateway: Gateway) -> Iterator[Load]:
    load = Load(gateway)
    load.start()
    try:
        yield load
    finally:
        load.stop()
