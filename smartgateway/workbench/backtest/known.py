"""What is known of a request under another policy without its text, and what it might be at most and at least."""

from itertools import islice
from typing import Any, NamedTuple

from routing.engine.asks import Ask
from routing.engine.counting import OF_HOUSEKEEPING, Hits, counted, found_in_ask, found_in_system, listed
from routing.engine.features import Features, may_be_bare, tokens_in
from routing.engine.hits import SYSTEM_LISTS
from routing.engine.reading import INTRODUCTIONS, Otherwise, read, recorded
from smartgateway.workbench.backtest.differences import TO_CLAUDE, TO_LOCAL, Difference, Needed, most

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
        return Known(features, _easiest(features, difference), _hardest(features, difference), _why(difference))
    in_system = found_in_system(features.in_system, features.hits)
    features = _counted(reading, in_system, difference)
    if difference.added and (perhaps := _perhaps_added(features, reading, in_system, difference)):
        return Known(features, _lower(features, perhaps, difference), _higher(features, perhaps), PHRASES)
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
        low, high = _easiest(features, difference), _hardest(features, difference)
    low = low._replace(estimated_tokens=features.estimated_tokens - ROUNDING_TOKENS)
    high = high._replace(estimated_tokens=features.estimated_tokens + ROUNDING_TOKENS)
    return Known(features, low, high, BEFORE)


def _why(difference: Difference) -> str:
    return TAGS if difference.is_cut_differently else READING


def _read(features: Features, difference: Difference, ask: Ask | None) -> Read | None:
    """None where nobody can tell any more how the ask reads."""
    without = difference.without(features.tags)
    if without is None or (difference.has_new_tags and not _is_plain(ask)):
        return None
    if ask is not None and not without:
        return _taken(features, recorded(read(ask, difference.new), difference.new), is_whole=True)
    if difference.is_of_words and (features.names_tier or features.tier_word or features.tags):
        return None
    other = _other(features, without) if without else None
    introduced_by = (other or features).introduced_by
    if introduced_by and difference.new.weights["simple_task"].keys().isdisjoint(introduced_by):
        without |= INTRODUCTIONS
        other = _other(features, without)
    if without:
        return _taken(features, other) if other else None
    return Read(features, found_in_ask(features.in_ask, features.hits))


def _is_plain(ask: Ask | None) -> bool:
    """Whether all of it is known, and no tag stands in it."""
    return ask is not None and "<" not in ask.head and not ask.tail


def _other(features: Features, without: int) -> Otherwise | None:
    return next((other for other in features.otherwise or () if other.without == without), None)


def _taken(features: Features, other: Otherwise, *, is_whole: bool = False) -> Read:
    numbers: dict[str, Any] = dict(zip(NUMBERS, other[1:-1], strict=True))
    return Read(features._replace(**numbers), listed(other.found), is_whole)


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
        if _can_hold(name, features, is_read=reading.is_whole):
            found = {**reading.in_ask, name: reading.in_ask.get(name, ()) + in_system.get(name, ())}
            if keys := _possible(name, entries, found):
                perhaps[name] = keys
    return perhaps


def _can_hold(name: str, features: Features, *, is_read: bool) -> bool:
    """Whether a phrase may stand where nobody can look any more."""
    is_bare = may_be_bare(features.tools_declared, features.asks, features.system_chars)
    if name in SYSTEM_LISTS and features.system_chars > 0 and (name != "housekeeping" or is_bare):
        return True
    is_counted = name not in SYSTEM_ONLY and (name in OF_HOUSEKEEPING or not features.is_housekeeping)
    return is_counted and not is_read and features.prose_chars > 0


def _possible(name: str, entries: tuple[tuple[int, Needed], ...], found: Hits) -> tuple[int, ...]:
    possible = (key for key, needed in entries if all(part in found.get(other, ()) for other, part in needed))
    return tuple(islice(possible, most(name)))


def _lower(features: Features, perhaps: Hits, difference: Difference) -> Features:
    """With everything that may speak for local."""
    easy = {name: ids for name, ids in perhaps.items() if name in TO_LOCAL}
    hits = {**features.hits, **{name: features.hits.get(name, ()) + ids for name, ids in easy.items()}}
    if "simple_task" in easy and "simple_task" in difference.added:  # it may have introduced material
        hits = {name: ids for name, ids in hits.items() if name in TO_LOCAL or name in SYSTEM_LISTS}
        features = features._replace(
            has_material=True, prose_chars=0, files=0, material_files=features.files + features.material_files
        )
    if "greeting" in easy:
        features = features._replace(greeting_share=1.0)
    if "housekeeping" in easy:
        hits = {name: ids for name, ids in hits.items() if name in OF_HOUSEKEEPING or name in SYSTEM_LISTS}
        features = features._replace(is_housekeeping=True)
    return features._replace(hits=hits)


def _higher(features: Features, perhaps: Hits) -> Features:
    """With everything that may speak for Claude."""
    hard = {name: features.hits.get(name, ()) + ids for name, ids in perhaps.items() if name in TO_CLAUDE}
    return features._replace(hits={**features.hits, **hard})


def _easiest(features: Features, difference: Difference) -> Features:
    """Whatever the ask is: as plain as one can be."""
    hits = {name: tuple(difference.new_texts[name])[:1] for name in TO_LOCAL}
    hits |= {name: ids for name, ids in features.hits.items() if name == "agentic_marker"}
    return features._replace(
        ask_chars=0,
        prose_chars=0,
        files=0,
        material_files=0,
        code_blocks=0,
        greeting_share=1.0,
        has_material=True,
        has_path=False,
        has_trace=False,
        is_housekeeping=True,
        hits={name: ids for name, ids in hits.items() if ids},
    )


def _hardest(features: Features, difference: Difference) -> Features:
    """Whatever the ask is: as much as one can ask for."""
    weights = difference.new.weights
    heaviest = {name: sorted(weights[name], key=weights[name].__getitem__, reverse=True) for name in TO_CLAUDE}
    hits = {name: tuple(ids[: most(name)]) for name, ids in heaviest.items() if ids}
    return features._replace(is_housekeeping=False, hits=hits)
