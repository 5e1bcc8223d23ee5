"""What can be wrong with an alias. It leads straight to its target: an alias behind an alias is never looked up."""

from collections.abc import Collection, Iterator, Mapping

from routing.engine.names import AUTOMATIC, LOCAL_PREFIXES
from routing.models import ModelAlias, ModelPrice, TierModel
from routing.models.choices import Rung

RESERVED = AUTOMATIC | set(Rung.values)


def problems_of_alias(pattern: str, target: str, *, replaces: str | None = None) -> list[str]:
    """What is wrong with one alias among the others of the draft; `replaces` is its pattern until now."""
    others = dict(ModelAlias.objects.exclude(pattern=replaces or pattern).values_list("pattern", "target"))
    known = known_models(TierModel.objects.values_list("model", flat=True))
    return list(problems_among({**others, pattern: target}, known).get(pattern, ()))


def known_models(tier_models: Collection[str]) -> set[str]:
    return {*tier_models, *ModelPrice.objects.values_list("model", flat=True)} - {"*"}


def problems_among(aliases: Mapping[str, str], known: Collection[str]) -> dict[str, list[str]]:
    found = {pattern: list(_problems(pattern, target, aliases, known)) for pattern, target in aliases.items()}
    return {pattern: problems for pattern, problems in found.items() if problems}


def _problems(pattern: str, target: str, aliases: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    if pattern.lower() in RESERVED:
        yield "This name has a meaning of its own."
    if any(other != pattern and other.lower() == pattern.lower() for other in aliases):
        yield "The same name is there in other letters."
    if _is_known(target, known):
        return
    trail = [target]
    while (following := _followed(trail[-1], aliases, known)) is not None and following not in trail:
        trail.append(following)
    if following is not None:
        yield f"It runs in a circle: {' → '.join([*trail, following])}."
    elif len(trail) > 1:
        yield f"An alias does not lead to another alias: name {trail[-1]!r} itself."
    else:
        yield f"{target!r} is no known model: use auto, a tier, local:<name> or a model that has a price."


def _followed(name: str, aliases: Mapping[str, str], known: Collection[str]) -> str | None:
    """What the aliases make of a name that is nothing by itself: the exact one first, then the longest."""
    if _is_known(name, known):
        return None
    if name in aliases:
        return aliases[name]
    matching = [pattern for pattern in aliases if pattern.endswith("*") and name.startswith(pattern[:-1])]
    return aliases[max(matching, key=len)] if matching else None


def _is_known(name: str, known: Collection[str]) -> bool:
    return name.lower() in RESERVED or name in known or name.lower().startswith(LOCAL_PREFIXES)
