"""Claude's rate limits, as each of its answers tells them: said in the log while little of one is left."""

import logging
import time
from collections.abc import Mapping

KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
HEADERS = {
    kind: tuple(f"anthropic-ratelimit-{kind}-{part}" for part in ("remaining", "limit", "reset")) for kind in KINDS
}
LITTLE = 0.1  # of a limit
QUIET_SECONDS = 60.0
logger = logging.getLogger(__name__)


class RateLimits:
    """Says it once a minute and limit at most."""

    def __init__(self) -> None:
        self._said_at: dict[str, float] = {}

    def note(self, headers: Mapping[str, str]) -> None:
        for kind, (remaining, limit, reset) in HEADERS.items():
            left, whole = headers.get(remaining, ""), headers.get(limit, "")
            if left.isdecimal() and whole.isdecimal() and int(left) < LITTLE * int(whole):
                self._say(kind, left, whole, headers.get(reset, ""))

    def _say(self, kind: str, left: str, whole: str, reset: str) -> None:
        now = time.monotonic()
        if now - self._said_at.get(kind, -QUIET_SECONDS) >= QUIET_SECONDS:
            self._said_at[kind] = now
            until = f", full again at {reset[:40]}" if reset else ""
            logger.warning("Claude's limit of %s is nearly used up: %s of %s left%s", kind, left, whole, until)
