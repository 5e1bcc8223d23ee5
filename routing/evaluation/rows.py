"""Labelled requests as they stand in a file, one JSON object a line. What is wrong with one is said in its names."""

import json
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from typing import Any, NamedTuple

import msgspec

from routing.engine.types import LADDER, RoutingRequest, Tier

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
MOST_USD = 1_000_000  # that one request may have cost
SHOWN_CHARS = 40  # of a value that is refused
NO_SOURCE = "no source"


class UnreadableRowError(Exception):
    """A row that is not a labelled request: the message names the member, what it is and what it should be."""


class Row(NamedTuple):
    """`label` is None where no tier was good enough. Costs and outcomes are those that are known.

    `outcomes` say how good each tier's answer was, from 0 to 1, and `good_from` from where on it was good enough.
    """

    request: RoutingRequest
    label: Tier | None
    source: str
    outcomes: Mapping[Tier, float]
    good_from: float | None
    costs: Mapping[Tier, float]


def rows_in(text: str) -> Iterator[tuple[int, Any]]:
    """The number of each line that holds something, and what it holds. Only ends of lines part lines."""
    for number, line in enumerate(StringIO(text.removeprefix("\ufeff"), newline=None), start=1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError, UnicodeError) as exc:
                raise UnreadableRowError(f"line {number}: this is not valid JSON: {exc}") from exc


def row_of(data: Any) -> Row:
    """Raises `UnreadableRowError`."""
    request, label = labelled_request(data)
    good_from = data.get("good_threshold")
    return Row(
        request=request,
        label=label,
        source=_source(data.get("source")),
        outcomes=_by_tier(data, "outcomes", _share),
        good_from=None if good_from is None else _share(good_from, "good_threshold"),
        costs=_by_tier(data, "cost_usd", _cost),
    )


def labelled_request(data: Any) -> tuple[RoutingRequest, Tier | None]:
    """Raises `UnreadableRowError`."""
    if not isinstance(data, dict):
        raise _wrong("the line", data, "a JSON object with messages and label_tier")
    return RoutingRequest(_messages(data), _tools(data.get("tools"))), _label(data)


def _messages(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = data.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _wrong("messages", messages, "a list of at least one message", is_missing="messages" not in data)
    for place, message in enumerate(messages):
        where = f"messages[{place}]"
        if not isinstance(message, dict):
            raise _wrong(where, message, "an object with role and content")
        if message.get("role") not in ROLES:
            raise _wrong(f"{where}.role", message.get("role"), f"one of {', '.join(ROLES)}")
        if not isinstance(message.get("content"), str | list | None):
            raise _wrong(f"{where}.content", message["content"], "a text or a list of parts")
    return messages


def _tools(tools: Any) -> list[dict[str, Any]]:
    if tools is None:
        return []
    if not isinstance(tools, list):
        raise _wrong("tools", tools, "a list of objects")
    for place, tool in enumerate(tools):
        if not isinstance(tool, dict):
            raise _wrong(f"tools[{place}]", tool, "an object")
    return tools


def _label(data: Mapping[str, Any]) -> Tier | None:
    none_good, label = data.get("none_good"), data.get("label_tier")
    if not isinstance(none_good, bool | None):
        raise _wrong("none_good", none_good, "true or false")
    if none_good:
        return None
    if label not in LADDER:
        raise _wrong("label_tier", label, _tiers(), is_missing="label_tier" not in data)
    return Tier(label)


def _source(source: Any) -> str:
    if not isinstance(source, str | None):
        raise _wrong("source", source, "a text")
    return source or NO_SOURCE


def _by_tier(data: Mapping[str, Any], name: str, number: Callable[[Any, str], float]) -> dict[Tier, float]:
    """What is known."""
    given = data.get(name)
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _wrong(name, given, f"an object with a number for {_tiers()}")
    for tier in given:
        if tier not in LADDER:
            raise _wrong(f"a name in {name}", tier, _tiers())
    return {Tier(tier): number(value, f"{name}.{tier}") for tier, value in given.items() if value is not None}


def _share(value: Any, name: str) -> float:
    return _number(value, name, 1)


def _cost(value: Any, name: str) -> float:
    return _number(value, name, MOST_USD)


def _number(value: Any, name: str, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _wrong(name, value, f"a number from 0 to {most:,}")
    return float(value)


def _tiers() -> str:
    return f"{', '.join(LADDER[:-1])} or {LADDER[-1]}"


def _wrong(name: str, value: Any, wanted: str, *, is_missing: bool = False) -> UnreadableRowError:
    if is_missing:
        return UnreadableRowError(f"{name} is missing: it must be {wanted}")
    return UnreadableRowError(f"{name} is {_shown(value)}: it must be {wanted}")


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        return kind if value else f"{kind} without anything in it"
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= SHOWN_CHARS else f"{shown[:SHOWN_CHARS]}…"
