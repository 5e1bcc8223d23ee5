"""How far a request lay from each threshold that is compared with something in it."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from routing.engine.case import Case, weights_of
from routing.engine.features import Features
from routing.engine.types import Policy, Surroundings, Tier

BARS = 20  # of a histogram, from a whole threshold below to a whole one above
OPUS_SCORE = "opus_score_threshold"
CLASSIFIER_TIMEOUT = "classifier_timeout_seconds"


class Asked(NamedTuple):
    """A request under the policy that decided it, and in the surroundings of then."""

    features: Features
    case: Case
    policy: Policy
    surroundings: Surroundings

    def heaviest(self) -> float | None:
        return max(weights_of(self.features, self.policy, "deep_reasoning"), default=None)

    def capped(self) -> float | None:
        sums = (sum(weights_of(self.features, self.policy, name)) for name in ("conflicting_constraints", "scope"))
        return max(sums) or None

    def sent(self) -> float:
        return self.features.total_chars + (0 if self.case.sheds_tools else self.features.tool_chars)

    def room_left(self) -> float | None:
        if self.case.local is None or self.case.local.context_tokens is None:
            return None
        tools = 0 if self.case.sheds_tools else self.features.tool_tokens
        return self.case.local.context_tokens - self.features.estimated_tokens - tools

    def idle(self) -> float | None:
        session = self.surroundings.session
        return None if session is None or session.tier is Tier.LOCAL else session.idle_seconds

    def with_phrase(self, value: float, *lists: str) -> float | None:
        """The value, where one of these lists makes the rule look at it."""
        return value if any(self.case.counts[name] for name in lists) else None


class Measure(NamedTuple):
    """`sign` says on which side of the threshold the rule is for it; `of` is None where it looks at nothing."""

    sign: str
    of: Callable[[Asked], float | None]


MEASURES: Mapping[str, Measure] = {
    "local_context_char_limit": Measure(">", Asked.sent),
    "local_answer_reserve": Measure("<", Asked.room_left),
    "tool_loop_window": Measure("<=", lambda asked: asked.features.tool_distance or None),
    "agentic_system_chars": Measure(
        ">", lambda asked: asked.with_phrase(asked.features.system_chars, "agentic_marker")
    ),
    "long_conversation_turns": Measure(">", lambda asked: asked.features.turns),
    "deep_reasoning_hits": Measure(">=", lambda asked: asked.case.counts["deep_reasoning"] or None),
    "heavy_phrase_weight": Measure(">=", Asked.heaviest),
    "named_files": Measure(">", lambda asked: asked.features.files or None),
    "multi_file_hits": Measure(">=", lambda asked: asked.case.counts["multi_file"] or None),
    "compaction_hits": Measure(">=", lambda asked: asked.case.counts["compaction"] or None),
    "simple_task_chars": Measure("<", lambda asked: asked.with_phrase(asked.features.ask_chars, "simple_task")),
    "simple_task_prose_chars": Measure(
        "<", lambda asked: asked.with_phrase(asked.features.prose_chars, "simple_task", "single_file_edit")
    ),
    "simple_task_system_chars": Measure(
        "<",
        lambda asked: (
            None if asked.features.has_material else asked.with_phrase(asked.features.system_chars, "simple_task")
        ),
    ),
    "self_contained_chars": Measure("<", lambda asked: asked.with_phrase(asked.features.ask_chars, "self_contained")),
    "single_file_edit_chars": Measure(
        "<", lambda asked: asked.with_phrase(asked.features.ask_chars, "single_file_edit")
    ),
    "greeting_share": Measure(">=", lambda asked: asked.with_phrase(asked.features.greeting_share, "greeting")),
    "constraints_score_cap": Measure(">", Asked.capped),
    "session_idle_seconds": Measure("<", Asked.idle),
}
SIGNS: Mapping[str, str] = {
    **{name: measure.sign for name, measure in MEASURES.items()},
    OPUS_SCORE: ">=",
    CLASSIFIER_TIMEOUT: "<=",
}
"""Every threshold with a histogram."""


def bars_hit(asked: Asked) -> Iterator[tuple[str, int]]:
    """Thresholds, and the bar of each into which the request falls."""
    for name, measure in MEASURES.items():
        value = measure.of(asked)
        if value is not None:
            yield name, bar_of(name, value, asked.policy.thresholds[name])


def bar_of(name: str, value: float, threshold: float) -> int:
    """What equals the threshold lies on the side to which the rule counts it."""
    if value == threshold:
        return BARS // 2 - (SIGNS[name] in (">", "<="))
    place = int((1 + (value - threshold) / (threshold or 1.0)) * BARS / 2 // 1)
    return min(BARS - 1, max(0, place))


def is_met_above(name: str) -> bool:
    return ">" in SIGNS[name]
