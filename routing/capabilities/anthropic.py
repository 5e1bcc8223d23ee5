"""Asks Claude's API which models there are."""

import logging
import time
from typing import Any

import msgspec

from routing.providers.anthropic.models import API_VERSION
from routing.providers.base import ProviderError, ProviderMisconfiguredError, Timeouts
from routing.providers.http import Upstream

log = logging.getLogger(__name__)
LOOK = Timeouts(connect=2.0, first_byte=5.0, between_bytes=5.0)
VERSION = {"anthropic-version": API_VERSION}
AGAIN_SECONDS = 3_600.0
AGAIN_AFTER_FAILURE_SECONDS = 60.0


class AnthropicScout:
    """The known names, empty until the first answer; old ones stay while the API is away, which is said once."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._next_at = float("-inf")
        self._trouble = ""
        self.models: frozenset[str] = frozenset()

    async def look(self) -> None:
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + AGAIN_AFTER_FAILURE_SECONDS
        try:
            self.models = await self.list_models()
        except ProviderError as exc:
            self._tell(f"{exc.message} ({exc.__cause__!r})" if exc.__cause__ else exc.message)
        else:
            self._tell("")
            self._next_at = time.monotonic() + AGAIN_SECONDS

    async def list_models(self) -> frozenset[str]:
        answer = await self._upstream.get("/v1/models?limit=1000", LOOK, VERSION)
        try:
            listed: Any = msgspec.json.decode(answer)
            return frozenset(row["id"] for row in listed["data"])
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError):
            what = f"{self._upstream.label} sent no list of models"
            raise ProviderMisconfiguredError(what, kind="invalid_answer") from None

    def _tell(self, trouble: str) -> None:
        if trouble and not self._trouble:
            log.warning("Claude's models cannot be listed: %s", trouble)
        elif self._trouble and not trouble:
            log.warning("Claude's models can be listed again")
        self._trouble = trouble
