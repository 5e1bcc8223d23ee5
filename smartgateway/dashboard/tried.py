"""The rules that were tried on a request, what decided first, as a table shows them."""

from dataclasses import dataclass

from audit.presentation.words import words
from routing.engine.explain import Explanation, deciding
from routing.engine.naming import Texts, speaking
from routing.engine.rules import OTHERS, OUTWEIGHING
from routing.engine.telling import NO_TEXTS, quoted
from routing.engine.types import Reason
from smartgateway.dashboard.decisions import measured

TUNED = frozenset(rule.__name__ for rule in (*OTHERS, *OUTWEIGHING))
STATES = ("decided", "fired", "near", "")


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    value: str
    threshold: str
    margin: str
    points_to: str
    state: str  # decided, fired, near, or empty
    page: str  # the name of its page in the workbench, if it has one
    phrases: str  # that speak for it


def rules_of(
    phase: str, band: str, told: list[Reason], found: Explanation | None, texts: Texts = NO_TEXTS
) -> list[Rule]:
    """Those that decided, then those that fired, then those that came near, then what else was tried."""
    named = {reason.rule for reason in told}
    tried = [reason for reason in found.tried if reason.rule not in named] if found else []
    decisive = deciding(phase, band, told)
    near = {reason.rule for reason in (found.near if found else told) if not reason.fired}
    states = {reason: _state(reason, decisive, near) for reason in (*told, *tried)}
    ordered = sorted(states, key=lambda reason: (STATES.index(states[reason]), abs(reason.margin)))
    return [_rule(reason, states[reason], texts) for reason in ordered]


def _state(reason: Reason, decisive: tuple[Reason, ...], near: set[str]) -> str:
    return "decided" if reason in decisive else "fired" if reason.fired else "near" if reason.rule in near else ""


def _rule(reason: Reason, state: str, texts: Texts) -> Rule:
    return Rule(
        words(reason.rule),
        measured(reason.value),
        measured(reason.threshold),
        measured(reason.margin),
        str(reason.points_to or "").lower(),
        state,
        reason.rule if reason.rule in TUNED else "",
        quoted(speaking(reason.rule, texts)),
    )
