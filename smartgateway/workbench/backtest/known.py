"""What is known of a request under another policy without its text, and what it might be at most and at least."""

from typing import NamedTuple

from routing.engine.asks import Ask
from routing.engine.features import HOUSEKEEPING_SYSTEM_CHARS, Features, by_list
from routing.engine.hits import SYSTEM_LISTS, ids_of, outermost
from smartgateway.workbench.backtest.differences import TO_CLAUDE, TO_LOCAL, Difference, Left, Needed, most
from smartgateway.workbench.backtest.reading import OF_HOUSEKEEPING, Hits, read_again

PHRASES = "new phrases"
CUT = "more phrases than recorded"
WITHIN = "a phrase within one that is gone"
SYSTEM = "a phrase in the system prompt"
READING = "the ask reads differently"
TAGS = "other tags around the ask"
TOKENS = "tokens are estimated differently"
SYSTEM_ONLY = frozenset({"agentic_marker"})
BARE_ASKS = 2
MOST_REMEMBERED = 50_000
ROUNDING_TOKENS = 2


class Known(NamedTuple):
    """`low` and `high` are None when all is known; else the request at its easiest and at its hardest."""

    features: Features
    low: Features | None = None
    high: Features | None = None
    doubt: str = ""


def known(features: Features, difference: Difference, ask: Ask | None = None) -> Known:
    if difference.new is difference.old:
        return Known(features)
    is_read = ask is not None and not difference.is_cut_differently
    reads_differently = not is_read and _reads_differently(features, difference)
    features = _measured(features, difference)
    features, perhaps, doubt = _without_lost(features, difference)
    if ask is not None and is_read and difference.is_of_text:
        features = read_again(features, ask, difference)
        perhaps = {name: ids for name, ids in perhaps.items() if name in SYSTEM_LISTS}
        doubt = SYSTEM if perhaps else ""
    if reads_differently:
        why = TAGS if difference.is_cut_differently else READING
        return Known(features, _easiest(features, difference), _hardest(features, difference), why)
    if difference.added and (new := _perhaps_added(features, difference, is_read=is_read)):
        perhaps, doubt = {**new, **perhaps}, PHRASES
    if not perhaps and not difference.is_measured_otherwise:
        return Known(features)
    low, high = _lower(features, perhaps, difference), _higher(features, perhaps)
    if difference.is_measured_otherwise:
        low = low._replace(estimated_tokens=low.estimated_tokens - ROUNDING_TOKENS)
        high = high._replace(estimated_tokens=high.estimated_tokens + ROUNDING_TOKENS)
    return Known(features, low, high, doubt or TOKENS)


def _measured(features: Features, difference: Difference) -> Features:
    """What follows from recorded numbers."""
    old, new = difference.old.thresholds, difference.new.thresholds
    if old["tool_loop_window"] != new["tool_loop_window"]:
        features = features._replace(tool_loop=0 < features.tool_distance <= new["tool_loop_window"])
    if features.tier_word and not difference.new.switches["tier_words"]:
        features = features._replace(tier_word="")
    if not difference.is_measured_otherwise:
        return features
    ratio = old["chars_per_token"] / new["chars_per_token"]
    of_text = features.estimated_tokens - features.images * old["image_tokens"]
    return features._replace(
        estimated_tokens=round(of_text * ratio + features.images * new["image_tokens"]),
        tool_tokens=round(features.tool_chars / new["chars_per_token"]),
    )


def _reads_differently(features: Features, difference: Difference) -> bool:
    if difference.is_text_needed or (features.tier_word and not difference.new.switches["tier_words"]):
        return True
    if not features.introduced_by or "simple_task" not in difference.changed:
        return False
    return difference.new_texts["simple_task"].keys().isdisjoint(features.introduced_by)


def _without_lost(features: Features, difference: Difference) -> tuple[Features, dict[str, tuple[int, ...]], str]:
    """The request without phrases that the new policy no longer has; which others may count instead, and why."""
    perhaps: dict[str, tuple[int, ...]] = {}
    if "housekeeping" in difference.changed and features.is_housekeeping:
        features = _without_housekeeping(features, difference, perhaps)
    doubt = SYSTEM if perhaps else ""
    touched = [name for name in difference.changed if name in features.hits and _is_touched(name, features, difference)]
    if not touched:
        return features, perhaps, doubt
    hits = dict(features.hits)
    for name in touched:
        left = _left(name, features.hits[name], difference)
        if left.uncertain:
            perhaps[name] = left.uncertain
            doubt = _why_uncertain(name, features, doubt)
        if name == "greeting":
            features = features._replace(greeting_share=_share(left.texts, features.ask_chars))
        hits[name] = left.ids
        if not left.ids:
            del hits[name]
    return features._replace(hits=hits), perhaps, doubt


def _why_uncertain(name: str, features: Features, doubt: str) -> str:
    if name in SYSTEM_ONLY:
        return doubt or SYSTEM
    return CUT if len(features.hits[name]) >= most(name) else doubt or WITHIN


def _is_touched(name: str, features: Features, difference: Difference) -> bool:
    recorded = features.hits[name]
    return len(recorded) >= most(name) or not difference.new_texts[name].keys() >= set(recorded)


def _left(name: str, recorded: tuple[int, ...], difference: Difference) -> Left:
    """The same phrases come together in many requests."""
    key = (name, recorded)
    left = difference.left.get(key)
    if left is None:
        left = _find_left(name, recorded, difference)
        if len(difference.left) < MOST_REMEMBERED:
            difference.left[key] = left
    return left


def _find_left(name: str, recorded: tuple[int, ...], difference: Difference) -> Left:
    """Phrases within lost ones count now, as far as they are in the policy still."""
    inner, doubtful, new = difference.inner[name], difference.doubtful[name], difference.new_texts[name]
    sure: dict[int, None] = {}
    uncertain: dict[int, None] = {}
    for key in recorded:
        unsure = doubtful.get(key, ())
        sure.update(dict.fromkeys(part for part in inner.get(key, ()) if part in new and part not in unsure))
        if key not in new:
            uncertain.update(dict.fromkeys(part for part in unsure if part in new))
    texts = tuple(new[key] for key in sure)
    ids = ids_of({name: texts}, difference.new)[name] if texts else ()
    if len(recorded) >= most(name):
        return Left(texts, ids, tuple(key for key in new if key not in ids)[: most(name)])
    return Left(texts, ids, tuple(key for key in uncertain if key not in sure))


def _share(texts: tuple[str, ...], ask_chars: int) -> float:
    return round(min(1.0, sum(map(len, outermost(texts))) / max(1, ask_chars)), 3)


def _without_housekeeping(features: Features, difference: Difference, perhaps: dict[str, tuple[int, ...]]) -> Features:
    """As it was, while one of its phrases is left; else with all that was set aside."""
    if _left("housekeeping", features.hits.get("housekeeping", ()), difference).texts:
        return features
    aside = by_list(features.aside)
    left = tuple(difference.new_texts["housekeeping"])[:1]
    if left and "housekeeping" in aside and features.system_chars > 0 and _may_be_bare(features):
        perhaps["housekeeping"] = left
    of_system = {name: ids for name, ids in features.hits.items() if name in SYSTEM_LISTS}
    hits = {name: ids for name, ids in {**of_system, **aside}.items() if name != "housekeeping"}
    return features._replace(is_housekeeping=False, hits=hits)


def _perhaps_added(features: Features, difference: Difference, *, is_read: bool) -> dict[str, tuple[int, ...]]:
    found = {}
    hits = {**by_list(features.aside), **features.hits} if features.is_housekeeping else features.hits
    for name, entries in difference.needed.items():
        if _can_hold(name, features, is_read=is_read):
            keys = _possible(name, entries, hits, difference)
            if keys:
                found[name] = keys
    return found


def _can_hold(name: str, features: Features, *, is_read: bool) -> bool:
    """Whether a phrase may stand where nobody can look any more."""
    if name in SYSTEM_LISTS and features.system_chars > 0 and (name != "housekeeping" or _may_be_bare(features)):
        return True
    is_counted = name not in SYSTEM_ONLY and (name in OF_HOUSEKEEPING or not features.is_housekeeping)
    return is_counted and not is_read and features.prose_chars > 0


def _may_be_bare(features: Features) -> bool:
    """Whether a system prompt may be all that says a request is a client's housekeeping."""
    return (
        not features.tools_declared
        and features.asks <= BARE_ASKS
        and features.system_chars <= HOUSEKEEPING_SYSTEM_CHARS
    )


def _possible(
    name: str, entries: tuple[tuple[int, Needed], ...], hits: Hits, difference: Difference
) -> tuple[int, ...]:
    found = []
    for key, needed in entries:
        if all(_may_be_there(other, part, hits, difference) for other, part in needed):
            found.append(key)
            if len(found) == most(name):
                break
    return tuple(found)


def _may_be_there(name: str, key: int, hits: Hits, difference: Difference) -> bool:
    recorded = hits.get(name, ())
    return len(recorded) >= most(name) or not difference.around[name][key].isdisjoint(recorded)


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
