"""Where a decision could turn: each threshold beside what it is compared with, each feature beside its limits.

Between two of these points nothing changes, so that looking just below, at and just above each of them is looking
everywhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from routing.engine.case import weights_of
from routing.engine.features import Features
from routing.engine.hits import LISTS
from routing.engine.score import score_of
from routing.engine.types import Policy, Surroundings, phrase_id

Bounds = Mapping[str, tuple[float, float]]
SHARE = 0.001  # one step of what is measured as a share, a score or a weight; counts go by one
MOST_PHRASES = 3  # more of one list that are tried
TOUCHED: Mapping[str, tuple[str, ...]] = {"tools_declared": ("tool_chars", "tool_tokens")}


class Step(NamedTuple):
    """One thing otherwise. `size` is the change: a share of a threshold of at least 1, a difference, or phrases.

    `phrase` is the one that is added or taken away, where it matters which.
    """

    kind: str  # threshold, feature or phrases
    name: str
    value: float
    to: float
    size: float
    phrase: str = ""


# What each threshold is compared with


def _in_all(features: Features) -> tuple[float, ...]:
    return features.total_chars, features.total_chars + features.tool_chars


COMPARED: Mapping[str, Callable[[Features], Iterable[float]]] = {
    "local_context_char_limit": _in_all,
    "tool_loop_window": lambda features: (features.tool_distance,),
    "agentic_system_chars": lambda features: (features.system_chars,),
    "long_conversation_turns": lambda features: (features.turns,),
    "named_files": lambda features: (features.files,),
    "simple_task_chars": lambda features: (features.ask_chars,),
    "simple_task_prose_chars": lambda features: (features.prose_chars,),
    "simple_task_system_chars": lambda features: (features.system_chars,),
    "self_contained_chars": lambda features: (features.ask_chars,),
    "single_file_edit_chars": lambda features: (features.ask_chars,),
    "greeting_share": lambda features: (features.greeting_share,),
}
COUNTED = {
    "deep_reasoning_hits": "deep_reasoning",
    "multi_file_hits": "multi_file",
    "compaction_hits": "compaction",
    "keyword_opus_hits": "keyword_opus",
}
SHARES = frozenset({"greeting_share", "opus_score_threshold", "constraints_score_cap", "heavy_phrase_weight"})


def threshold_steps(features: Features, policy: Policy, surroundings: Surroundings, bounds: Bounds) -> Iterator[Step]:
    """Other values of one threshold, within what an operator may set."""
    for name, values in _compared(features, policy, surroundings):
        now = policy.thresholds[name]
        lower, upper = bounds.get(name, (now, now))
        for to in _around(values, SHARE if name in SHARES else 1):
            if to != now and lower <= to <= upper:
                yield Step("threshold", name, now, to, _share(to - now, now))


def _compared(features: Features, policy: Policy, surroundings: Surroundings) -> Iterator[tuple[str, Iterable[float]]]:
    for name, values in COMPARED.items():
        yield name, values(features)
    for name, listed in COUNTED.items():
        if count := len(weights_of(features, policy, listed)):
            yield name, (count,)
    yield "opus_score_threshold", (score_of(features, policy),)
    yield "constraints_score_cap", _caps(features, policy)
    yield "heavy_phrase_weight", weights_of(features, policy, "deep_reasoning")
    if surroundings.session is not None:
        yield "session_idle_seconds", (round(surroundings.session.idle_seconds),)
    if surroundings.local is not None and surroundings.local.context_tokens is not None:
        room = surroundings.local.context_tokens - features.estimated_tokens
        yield "local_answer_reserve", (room, room - features.tool_tokens)


def _caps(features: Features, policy: Policy) -> Iterable[float]:
    """Where the score just reaches its threshold, by one of the capped parts, the other, or both."""
    deep, constraints, scope = (
        sum(weights_of(features, policy, name)) for name in ("deep_reasoning", "conflicting_constraints", "scope")
    )
    missing = policy.thresholds["opus_score_threshold"] - deep
    return (missing / 2, missing - constraints, missing - scope) if constraints or scope else ()


# What each feature is compared with

LIMITS: Mapping[str, tuple[str, ...]] = {
    "ask_chars": ("simple_task_chars", "self_contained_chars", "single_file_edit_chars"),
    "prose_chars": ("simple_task_prose_chars",),
    "system_chars": ("agentic_system_chars", "simple_task_system_chars"),
    "turns": ("long_conversation_turns",),
    "tool_distance": ("tool_loop_window",),
    "files": ("named_files",),
    "greeting_share": ("greeting_share",),
}
FIXED: Mapping[str, tuple[float, ...]] = {
    "asks": (1, 2),
    "files": (0, 1, 2),
    "material_files": (0,),
    "tools_declared": (0, 1),
    "images": (0, 1),
    "code_blocks": (0, 1),
    "tool_distance": (0, 1),
    "has_material": (0, 1),
    "has_path": (0, 1),
    "has_trace": (0, 1),
    "local_only": (0,),
    "min_tier": (0, 1),
}


def feature_steps(features: Features, policy: Policy, surroundings: Surroundings) -> Iterator[Step]:
    """Other values of one thing that is measured. What a client forbids is only ever taken back."""
    for name, limits in _limits(features, policy, surroundings):
        now = float(getattr(features, name))
        for limit in limits if now or name != "tool_distance" else ():
            for to in _around((limit,), SHARE if name == "greeting_share" else 1):
                if to >= 0 and to != now:
                    yield Step("feature", name, now, to, _share(to - now, limit))
    for name, fixed in FIXED.items():
        now = float(getattr(features, name))
        for to in fixed:
            if to != now and (name != "min_tier" or to < now):
                yield Step("feature", name, now, to, abs(to - now))


def _limits(features: Features, policy: Policy, surroundings: Surroundings) -> Iterator[tuple[str, list[float]]]:
    for name, thresholds in LIMITS.items():
        yield name, [policy.thresholds[threshold] for threshold in thresholds]
    most = policy.thresholds["local_context_char_limit"]
    yield "total_chars", [most, most - features.tool_chars]
    if surroundings.local is not None and surroundings.local.context_tokens is not None:
        room = surroundings.local.context_tokens - policy.thresholds["local_answer_reserve"]
        yield "estimated_tokens", [room, room - features.tool_tokens]


def phrase_steps(features: Features, policy: Policy) -> Iterator[Step]:
    """A few phrases more of one list, its heaviest phrase, one of those found less, or none of them."""
    for name in LISTS:
        found, listed = features.hits.get(name, ()), policy.phrases.get(name, {})
        now = float(len(found))
        present, absent = _parted(found, listed)
        for more in range(1, 1 + min(MOST_PHRASES, len(absent))):
            yield Step("phrases", name, now, now + more, float(more))
        if absent:
            yield Step("phrases", name, now, now + 1, 1.0, max(absent, key=listed.__getitem__))
        if len(found) > 1:
            yield Step("phrases", name, now, 0.0, now)
        for text in present:
            yield Step("phrases", name, now, now - 1, 1.0, text)


def _parted(found: Iterable[int], listed: Iterable[str]) -> tuple[list[str], list[str]]:
    """The phrases of a list that the ask holds, and the others."""
    ids = frozenset(found)
    present = [text for text in listed if phrase_id(text) in ids] if ids else []
    return present, [text for text in listed if text not in present] if present else list(listed)


# A step taken


def features_after(step: Step, features: Features, policy: Policy) -> Features:
    if step.kind == "phrases":
        return features._replace(hits={**features.hits, step.name: _hits_after(step, features, policy)})
    if step.kind == "threshold":
        return features if step.name != "tool_loop_window" else _in_loop(features, step.to)
    kind = type(getattr(features, step.name))
    changed: dict[str, Any] = {step.name: kind(step.to)}
    if not step.to:
        changed |= dict.fromkeys(TOUCHED.get(step.name, ()), 0)
    after = features._replace(**changed)
    return _in_loop(after, policy.thresholds["tool_loop_window"]) if step.name == "tool_distance" else after


def _in_loop(features: Features, window: float) -> Features:
    return features._replace(tool_loop=0 < features.tool_distance <= window)


def _hits_after(step: Step, features: Features, policy: Policy) -> tuple[int, ...]:
    """Phrases that are not named are the lightest: what they do, any other does."""
    found = features.hits.get(step.name, ())
    if step.phrase:
        named = phrase_id(step.phrase)
        return (*found, named) if step.to > step.value else tuple(hit for hit in found if hit != named)
    if step.to < step.value:
        return ()
    weights = policy.weights[step.name]
    absent = sorted(weights.keys() - set(found), key=lambda hit: (weights[hit], hit))
    return (*found, *absent[: int(step.to - step.value)])


def _around(values: Iterable[float], step: float) -> Iterator[float]:
    return chain.from_iterable((round(value - step, 4), round(value, 4), round(value + step, 4)) for value in values)


def _share(distance: float, of: float) -> float:
    return round(abs(distance) / max(abs(of), 1.0), 4)
