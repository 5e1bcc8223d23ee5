"""What can be wrong with an alias. It leads straight to its target: an alias behind an alias is never looked up."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from routing.engine.names import AUTOMATIC, LOCAL_PREFIXES
from routing.models import ModelAlias, ModelPrice, TierModel
from routing.models.choices import Rung

RESERVED = AUTOMATIC | set(Rung.values)
MOST_ALIASES = 1_000  # each name that is asked for is compared with all of them
SHOWN_STEPS = 8  # of a circle


def problems_of_alias(pattern: str, target: str, *, replaces: str | None = None) -> list[str]:
    """What is wrong with one alias among the others of the draft; `replaces` is its pattern until now."""
    others = dict(ModelAlias.objects.exclude(pattern=replaces or pattern).values_list("pattern", "target"))
    aliases = {**others, pattern: target}
    if replaces is None and len(aliases) > MOST_ALIASES:
        return [too_many(len(aliases))]
    known = known_models(TierModel.objects.values_list("model", flat=True))
    return list(problems_among(aliases, known).get(pattern, ()))


def too_many(count: int) -> str:
    return f"{count:,} aliases: keep at most {MOST_ALIASES:,}."


def known_models(tier_models: Collection[str]) -> set[str]:
    return {*tier_models, *ModelPrice.objects.values_list("model", flat=True)} - {"*"}


def problems_among(aliases: Mapping[str, str], known: Collection[str]) -> dict[str, list[str]]:
    spelled = Counter(pattern.lower() for pattern in aliases)
    ends = _ends(aliases.values(), aliases, known)
    found: dict[str, list[str]] = {}
    for pattern, target in aliases.items():
        problems = [*_problems_of_name(pattern, spelled), *_problems_of_target(target, ends[target], aliases, known)]
        if problems:
            found[pattern] = problems
    return found


def _problems_of_name(pattern: str, spelled: Mapping[str, int]) -> Iterator[str]:
    if pattern.lower() in RESERVED or pattern.lower().startswith(LOCAL_PREFIXES):
        yield "This name has a meaning of its own."
    if spelled[pattern.lower()] > 1:
        yield "The same name is there in other letters."


def _problems_of_target(
    target: str, end: str | None, aliases: Mapping[str, str], known: Collection[str]
) -> Iterator[str]:
    if end is None:
        yield f"It runs in a circle: {' → '.join(_steps(target, aliases, known))}."
    elif end != target:
        yield f"An alias does not lead to another alias: name {end!r} itself."
    elif not _is_known(target, known):
        yield f"{target!r} is no known model: use auto, a tier, local:<name> or a model that has a price."


def _ends(names: Iterable[str], aliases: Mapping[str, str], known: Collection[str]) -> dict[str, str | None]:
    """What each name leads to in the end, None for a circle. No name is followed twice."""
    ends: dict[str, str | None] = {}
    for name in names:
        trail: dict[str, None] = {}
        following: str | None = name
        while following is not None and following not in ends and following not in trail:
            trail[following] = None
            following = _followed(following, aliases, known)
        end = next(reversed(trail), None) if following is None else ends.get(following)
        ends.update(dict.fromkeys(trail, end))
    return ends


def _steps(name: str, aliases: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    """The way into a circle and once around it, or as much of it as can be read."""
    trail: set[str] = set()
    following: str | None = name
    while following is not None and following not in trail and len(trail) < SHOWN_STEPS:
        yield following
        trail.add(following)
        following = _followed(following, aliases, known)
    yield following if following in trail else "…"


def _followed(name: str, aliases: Mapping[str, str], known: Collection[str]) -> str | None:
    """What the aliases make of a name that is nothing by itself: the exact one first, then the longest.

    `*` alone is the last resort for what clients send, not a way for an alias to go on.
    """
    if _is_known(name, known):
        return None
    if name in aliases:
        return aliases[name]
    beginnings = (f"{name[:length]}*" for length in range(len(name), 0, -1))
    return next((aliases[pattern] for pattern in beginnings if pattern in aliases), None)


def _is_known(name: str, known: Collection[str]) -> bool:
    return name.lower() in RESERVED or name in known or name.lower().startswith(LOCAL_PREFIXES)
