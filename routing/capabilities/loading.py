"""Loads the model that classifies: in the background, once a request would have been judged by it."""

import asyncio
import logging
import time
from typing import Any

from routing.capabilities.findings import PROBE_TIMEOUTS
from routing.providers.base import Call, Provider, ProviderError

log = logging.getLogger(__name__)
AGAIN_SECONDS = 300.0  # a server with room for one model would else do nothing but change it
SHORTEST_ASK: dict[str, Any] = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 1, "stream": False}


class Loader:
    """It takes no slot: nothing works on a model that is not loaded."""

    def __init__(self, provider: Provider) -> None:
        self.is_missed = False
        self._provider = provider
        self._next_at = 0.0
        self.loading: asyncio.Task[None] | None = None

    def see_to(self, name: str, *, is_loaded: bool) -> None:
        now, is_idle = time.monotonic(), self.loading is None or self.loading.done()
        if self.is_missed and not is_loaded and is_idle and now >= self._next_at:
            self._next_at = now + AGAIN_SECONDS
            self.loading = asyncio.create_task(self._load(name))
        self.is_missed = False

    async def _load(self, name: str) -> None:
        try:
            await self._provider.complete(Call(name, SHORTEST_ASK, attempt_id="load", timeouts=PROBE_TIMEOUTS))
        except ProviderError as exc:
            log.warning("the classifier %s cannot be loaded: %s", name, exc.message)
