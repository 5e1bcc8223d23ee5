"""Signs that an answer was not good enough: the ask comes again, a higher tier by hand, one tool call over and over.

What was answered is remembered by each process for itself: for minutes, and for a bounded number of asks.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from routing.engine.names import tier_name
from routing.engine.survey import TOOL_WINDOW
from routing.engine.types import Phase
from smartgateway.completions.exchange import Exchange

REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 4_096
SHORTEST_CHARS = 16  # `go on` is said again without being asked again
REPEATED_CALLS = 3
MOST_CALLS = 16  # newest tool calls of one message that are compared
AUTOMATIC = frozenset({Phase.HEURISTIC, Phase.LLM_CLASSIFIER, Phase.SESSION})
RUNGS = {"local": 0, "haiku": 1, "sonnet": 2, "opus": 3}

K = TypeVar("K")
V = TypeVar("V")


class Signs(NamedTuple):
    """`is_raised`: a higher tier was asked for by name than the one by which `auto` last answered the conversation."""

    is_repeated_ask: bool = False
    is_raised: bool = False
    repeated_tool_calls: int = 0


NONE = Signs()
Last = tuple[float, int, bool]  # when and by which rung a conversation was answered, and whether by auto
NEVER: Last = (float("-inf"), 0, False)


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
            return Signs(repeated_tool_calls=repeated) if repeated else NONE
        since = self._clock() - REMEMBERED_SECONDS
        is_repeated = self._asks.get(asked_by(exchange), since) > since
        is_raised = exchange.routed.decision.phase is Phase.EXPLICIT and self._is_raised(exchange, since)
        return Signs(is_repeated, is_raised, repeated) if is_repeated or is_raised or repeated else NONE

    def remember(self, exchange: Exchange) -> None:
        """Once it is answered."""
        features, now = exchange.routed.features, self._clock()
        if features.is_human_ask and features.ask_chars >= SHORTEST_CHARS:
            put(self._asks, asked_by(exchange), now)
        rung = RUNGS.get(exchange.served.name) if exchange.served else None
        if rung is not None and exchange.session_key and not features.is_housekeeping:
            is_automatic = exchange.routed.decision.phase in AUTOMATIC
            put(self._conversations, exchange.session_key, (now, rung, is_automatic))

    def _is_raised(self, exchange: Exchange, since: float) -> bool:
        at, rung, was_automatic = self._conversations.get(exchange.session_key, NEVER)
        asked = tier_name(exchange.routed.decision, exchange.routed.policy)
        return was_automatic and at > since and RUNGS.get(asked, 0) > rung


def asked_by(exchange: Exchange) -> tuple[int, str, bytes]:
    return exchange.ask.key.id, exchange.ask.options.end_user, exchange.ask_digest


def put(kept: dict[K, V], name: K, value: V) -> None:
    """The newest last; the oldest goes."""
    if name in kept:
        del kept[name]
    elif len(kept) >= MOST_REMEMBERED:
        del kept[next(iter(kept))]
    kept[name] = value


def repeated_calls(messages: Sequence[Mapping[str, Any]]) -> int:
    """How often the newest tool call stands in the newest messages, if three times or more."""
    newest: Mapping[str, Any] = {}
    count = 0
    for message in reversed(messages[-TOOL_WINDOW:]):
        calls = message.get("tool_calls")
        if not calls or not isinstance(calls, list):
            continue
        for call in reversed(calls[-MOST_CALLS:]):
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                continue
            newest = newest or function
            if function.get("arguments") == newest.get("arguments") and function.get("name") == newest.get("name"):
                count += 1
    return count if count >= REPEATED_CALLS else 0


_memory = Memory()


def signs_of(exchange: Exchange) -> Signs:
    return _memory.signs_of(exchange)


def remember(exchange: Exchange) -> None:
    _memory.remember(exchange)


def forget() -> None:
    """For tests."""
    global _memory
    _memory = Memory()
