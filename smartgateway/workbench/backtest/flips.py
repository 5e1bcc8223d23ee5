"""Which rule moved a request from one tier to another."""

from collections.abc import Iterable, Sequence

from routing.engine.types import Reason, RoutingDecision

CAME, WENT, CHANGED = "now", "no longer", "differently"
MOST_RULES = 4
MADE_BY_HAND = frozenset({"classifier_unavailable"})  # says what is there in any case
Change = tuple[str, str, str, str]
"""Whether the rule came, went or said something else; its name, value and threshold."""


def changes_between(old: RoutingDecision | None, new: RoutingDecision | None) -> list[Change]:
    """What fires only under the one or only under the other policy, what points to where the request goes first."""
    before, after = _fired(old.reasons if old else ()), _fired(new.reasons if new else ())
    came = [reason for rule, reason in after.items() if rule not in before]
    went = [reason for rule, reason in before.items() if rule not in after]
    changed = [
        reason
        for rule, reason in after.items()
        if rule in before and isinstance(reason.value, str) and _goal(reason) != _goal(before[rule])
    ]
    found = [*_said(CAME, came), *_said(WENT, went), *_said(CHANGED, changed)]
    return found[:MOST_RULES]


def _fired(reasons: Sequence[Reason]) -> dict[str, Reason]:
    return {reason.rule: reason for reason in reasons if reason.fired and reason.rule not in MADE_BY_HAND}


def _goal(reason: Reason) -> tuple[object, object]:
    return reason.value, reason.threshold


def _said(how: str, reasons: Iterable[Reason]) -> list[Change]:
    return [(how, reason.rule, _short(reason.value), _short(reason.threshold)) for reason in reasons]


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.6g}"
