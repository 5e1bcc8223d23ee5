"""Signs that an answer was not good enough: the ask comes again, a higher tier by hand, one tool call over and over.

What was answered is remembered by each process for itself: for minutes, and for a bounded number of asks.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from routing.engine.survey import TOOL_WINDOW
from routing.engine.types import Phase
from smartgateway.completions.exchange import Exchange

REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 4_096
SHORTEST_CHARS = 16  # `go on` is said again without being asked again
REPEATED_CALLS = 3
MOST_CALLS = 256  # newest tool calls that are compared
RUNGS = {"local": 0, "haiku": 1, "sonnet": 2, "opus": 3}

K = TypeVar("K")
V = TypeVar("V")


class Signs(NamedTuple):
    """`is_raised`: a higher tier was asked for by name than the one by which `auto` last answered the conversation."""

    is_repeated_ask: bool = False
    is_raised: bool = False
    repeated_tool_calls: int = 0


class Last(NamedTuple):
    """How a conversation was last answered."""

    at: float
    rung: int
    is_automatic: bool


class Memory:
    """Of what was answered: asks by who asked them, and conversations."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asks: dict[tuple[int, str, bytes], float] = {}
        self._conversations: dict[str, Last] = {}

    def signs_of(self, exchange: Exchange) -> Signs:
        features = exchange.routed.features
        repeated = repeated_calls(exchange.ask.body["messages"]) if features.tool_distance else 0
        if not features.is_human_ask:
            return Signs(repeated_tool_calls=repeated)
        since = self._clock() - REMEMBERED_SECONDS
        answered_at = self._asks.get(asked_by(exchange), since)
        is_raised = self._is_raised(exchange, since)
        return Signs(answered_at > since, is_raised, repeated)

    def remember(self, exchange: Exchange) -> None:
        """Once it is answered."""
        features, now = exchange.routed.features, self._clock()
        if features.is_human_ask and features.ask_chars >= SHORTEST_CHARS:
            put(self._asks, asked_by(exchange), now)
        rung = RUNGS.get(exchange.served.name) if exchange.served else None
        if rung is not None and exchange.session_key and not features.is_housekeeping:
            is_automatic = exchange.routed.decision.phase in (Phase.HEURISTIC, Phase.LLM_CLASSIFIER, Phase.SESSION)
            put(self._conversations, exchange.session_key, Last(now, rung, is_automatic))

    def _is_raised(self, exchange: Exchange, since: float) -> bool:
        chosen = exchange.routed.decision
        last = self._conversations.get(exchange.session_key) if chosen.phase is Phase.EXPLICIT else None
        if last is None or last.at <= since or not last.is_automatic:
            return False
        return RUNGS.get(chosen.tier or "", 0) > last.rung


def asked_by(exchange: Exchange) -> tuple[int, str, bytes]:
    return exchange.ask.key.id, exchange.ask.options.end_user, exchange.ask_digest


def put(kept: dict[K, V], name: K, value: V) -> None:
    """The newest last; the oldest goes."""
    kept.pop(name, None)
    if len(kept) >= MOST_REMEMBERED:
        del kept[next(iter(kept))]
    kept[name] = value


def repeated_calls(messages: Sequence[Mapping[str, Any]]) -> int:
    """How often the newest tool call stands in the newest messages, if three times or more."""
    calls = list(islice(newest_calls(messages), MOST_CALLS))
    count = calls.count(calls[0]) if calls else 0
    return count if count >= REPEATED_CALLS else 0


def newest_calls(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, Any]]:
    """Name and arguments of each, the newest first."""
    for message in reversed(messages[-TOOL_WINDOW:]):
        calls = message.get("tool_calls") if message.get("role") == "assistant" else None
        found: list[Any] = calls if isinstance(calls, list) else []
        for call in reversed(found):
            function: Any = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                yield function.get("name"), function.get("arguments")


_memory = Memory()


def signs_of(exchange: Exchange) -> Signs:
    return _memory.signs_of(exchange)


def remember(exchange: Exchange) -> None:
    _memory.remember(exchange)


def forget() -> None:
    """For tests."""
    global _memory
    _memory = Memory()
