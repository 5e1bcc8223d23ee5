"""What is known of a request under another policy, with its text or without."""

from itertools import islice
from typing import Any, NamedTuple

from routing.engine.asks import Ask
from routing.engine.counting import OF_HOUSEKEEPING, Hits, counted, found_in_ask, found_in_system, ids_of, listed
from routing.engine.features import Features, may_be_bare, tokens_in
from routing.engine.hits import SYSTEM_LISTS
from routing.engine.reading import INTRODUCTIONS, Otherwise, read, recorded
from smartgateway.workbench.backtest.bounds import INTRODUCING, easiest, hardest, higher, lower
from smartgateway.workbench.backtest.differences import Difference, Needed, most

PHRASES = "new phrases"
READING = "the ask reads differently"
TAGS = "other tags around the ask"
BEFORE = "recorded by an earlier release"
SYSTEM_ONLY = frozenset({"agentic_marker"})
NUMBERS = Otherwise._fields[1:-1]
ROUNDING_TOKENS = 2


class Known(NamedTuple):
    """`low` and `high` are None when all is known; else the request at its easiest and at its hardest."""

    features: Features
    low: Features | None = None
    high: Features | None = None
    doubt: str = ""


class Read(NamedTuple):
    """A request as the new policy reads it, with all that was found of the old one's phrases."""

    features: Features
    in_ask: Hits
    introduced_by: tuple[int, ...] = ()
    is_whole: bool = False  # read from its text, new phrases included


def known(features: Features, difference: Difference, ask: Ask | None = None) -> Known:
    """`ask` where its text is kept."""
    if difference.new is difference.old:
        return Known(features)
    features = _measured(features, difference)
    if features.otherwise is None and (difference.is_of_text or difference.is_measured_otherwise):
        return _of_before(features, difference)
    if not difference.is_of_text:
        return Known(features)
    reading = _read(features, difference, ask)
    if reading is None:
        return Known(features, easiest(features, difference), hardest(features, difference), _why(difference))
    in_system = found_in_system(features.in_system, features.hits)
    features = _counted(reading, in_system, difference)
    if difference.added and (perhaps := _perhaps_added(features, reading, in_system, difference)):
        of_ask, of_system = (ids_of(difference.left_of(found), difference.new) for found in (reading.in_ask, in_system))
        easy, hard = lower(features, perhaps, of_system), higher(features, perhaps, of_ask, of_system)
        return Known(features, easy, hard, PHRASES)
    return Known(features)


def _measured(features: Features, difference: Difference) -> Features:
    """What follows from recorded numbers."""
    old, new = difference.old.thresholds, difference.new.thresholds
    if old["tool_loop_window"] != new["tool_loop_window"]:
        features = features._replace(tool_loop=0 < features.tool_distance <= new["tool_loop_window"])
    if not difference.is_measured_otherwise:
        return features
    size = features.total_chars + features.more_bytes
    if features.otherwise is None:
        size = round((features.estimated_tokens - features.images * old["image_tokens"]) * old["chars_per_token"])
    return features._replace(
        estimated_tokens=tokens_in(size, features.images, difference.new),
        tool_tokens=tokens_in(features.tool_chars, 0, difference.new),
    )


def _of_before(features: Features, difference: Difference) -> Known:
    """Once the record did not tell all that was found, nor how many bytes a text had."""
    low, high = features, features
    if difference.is_of_text:
        low, high = easiest(features, difference), hardest(features, difference)
    low = low._replace(estimated_tokens=features.estimated_tokens - ROUNDING_TOKENS)
    high = high._replace(estimated_tokens=features.estimated_tokens + ROUNDING_TOKENS)
    return Known(features, low, high, BEFORE)


def _why(difference: Difference) -> str:
    return TAGS if difference.is_cut_differently else READING


def _read(features: Features, difference: Difference, ask: Ask | None) -> Read | None:
    """None where nobody can tell any more how the ask reads."""
    without = difference.without(features.tags)
    if without is None:
        return None
    if ask is not None and not without:
        return _taken(features, recorded(read(ask, difference.new), difference.new), is_whole=True)
    if difference.is_of_words and (features.names_tier or features.tier_word or features.tags):
        return None
    other = _other(features, without) if without else None
    introduced_by = (other or features).introduced_by
    if introduced_by and difference.new.weights[INTRODUCING].keys().isdisjoint(introduced_by):
        without |= INTRODUCTIONS
        other = _other(features, without)
    if without:
        return _taken(features, other)._replace(introduced_by=introduced_by) if other else None
    return Read(features, found_in_ask(features.in_ask, features.hits), introduced_by)


def _other(features: Features, without: int) -> Otherwise | None:
    return next((other for other in features.otherwise or () if other.without == without), None)


def _taken(features: Features, other: Otherwise, *, is_whole: bool = False) -> Read:
    numbers: dict[str, Any] = dict(zip(NUMBERS, other[1:-1], strict=True))
    return Read(features._replace(**numbers), listed(other.found), is_whole=is_whole)


def _counted(reading: Read, in_system: Hits, difference: Difference) -> Features:
    features = reading.features
    in_ask = difference.left_of(reading.in_ask)
    found = counted(in_ask, difference.left_of(in_system), features.ask_chars, difference.new)
    return features._replace(**found._asdict())


def _perhaps_added(
    features: Features, reading: Read, in_system: Hits, difference: Difference
) -> dict[str, tuple[int, ...]]:
    perhaps = {}
    for name, entries in difference.needed.items():
        if _can_hold(name, features, difference, is_read=reading.is_whole):
            elsewhere = reading.introduced_by if name == INTRODUCING else in_system.get(name, ())
            found = {**reading.in_ask, name: reading.in_ask.get(name, ()) + elsewhere}
            if keys := _possible(name, entries, found):
                perhaps[name] = keys
    return perhaps


def _can_hold(name: str, features: Features, difference: Difference, *, is_read: bool) -> bool:
    """Whether a phrase may stand where nobody can look any more."""
    is_bare = may_be_bare(features.tools_declared, features.asks, features.system_chars)
    if name in SYSTEM_LISTS and features.system_chars > 0 and (name != "housekeeping" or is_bare):
        return True
    stays_housekeeping = features.is_housekeeping and INTRODUCING not in difference.added
    is_counted = name not in SYSTEM_ONLY and (name in OF_HOUSEKEEPING or not stays_housekeeping)
    return is_counted and not is_read and features.prose_chars > 0


def _possible(name: str, entries: tuple[tuple[int, Needed], ...], found: Hits) -> tuple[int, ...]:
    possible = (key for key, needed in entries if all(part in found.get(other, ()) for other, part in needed))
    return tuple(islice(possible, most(name)))
