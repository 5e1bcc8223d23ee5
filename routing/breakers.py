"""Circuit breakers: after failures in a row, ask rarely until an answer comes. One per name and process."""

import time
from collections.abc import Callable
from enum import StrEnum

Clock = Callable[[], float]


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after `failures_to_open` failures in a row; `open_seconds` later lets one trial through at a time.

    A trial whose end is never reported counts as lost after another `open_seconds`.
    """

    def __init__(
        self, name: str, *, failures_to_open: int = 5, open_seconds: float = 30.0, clock: Clock = time.monotonic
    ) -> None:
        self.name = name
        self._failures_to_open = failures_to_open
        self._open_seconds = open_seconds
        self._clock = clock
        self._failures = 0
        self._is_closed = True
        self._next_trial_at = 0.0

    @property
    def state(self) -> State:
        if self._is_closed:
            return State.CLOSED
        return State.OPEN if self._clock() < self._next_trial_at else State.HALF_OPEN

    def is_willing(self) -> bool:
        """Whether `allows` would say yes; asking takes no trial."""
        return self._is_closed or self._clock() >= self._next_trial_at

    def allows(self) -> bool:
        """Whether to call now. In half-open, a yes is the one trial."""
        if self._is_closed:
            return True
        now = self._clock()
        if now < self._next_trial_at:
            return False
        self._next_trial_at = now + self._open_seconds
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._is_closed = True

    def failed(self) -> None:
        self._failures += 1
        if not self._is_closed or self._failures >= self._failures_to_open:
            self._is_closed = False
            self._next_trial_at = self._clock() + self._open_seconds


_breakers: dict[str, Breaker] = {}


def breaker(name: str) -> Breaker:
    """The process's breaker of this name."""
    found = _breakers.get(name)
    if found is None:
        found = _breakers[name] = Breaker(name)
    return found


def forget() -> None:
    """Every breaker starts anew."""
    _breakers.clear()
