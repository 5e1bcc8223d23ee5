"""The models that a policy's content leads to, by whoever serves them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from routing.engine.names import ANTHROPIC, AUTOMATIC, LOCAL, LOCAL_PREFIXES
from routing.models.choices import Rung

CLAUDE_SLOTS = frozenset({"haiku", "sonnet", "opus"})


class ServedModel(NamedTuple):
    """`place` is where the policy names it: a slot, or an alias."""

    place: str
    provider_name: str
    model: str


def served_models(content: Mapping[str, Any]) -> Iterator[ServedModel]:
    for slot, model in content["models"].items():
        yield ServedModel(slot, ANTHROPIC if slot in CLAUDE_SLOTS else LOCAL, model)
    for alias in content["aliases"]:
        target = alias["target"]
        if target.lower() not in AUTOMATIC | set(Rung.values):
            yield _of_alias(f"alias {alias['pattern']}", target)


def _of_alias(place: str, target: str) -> ServedModel:
    for prefix in LOCAL_PREFIXES:
        if target.lower().startswith(prefix):
            return ServedModel(place, LOCAL, target[len(prefix) :])
    return ServedModel(place, ANTHROPIC if target.lower().startswith("claude") else LOCAL, target)
