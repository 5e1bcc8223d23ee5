"""Which rule moved a request from one tier to another, and by which phrases."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from routing.engine.naming import Texts, holding, missing, speaking
from routing.engine.telling import NO_TEXTS
from routing.engine.types import Reason, RoutingDecision

CAME, WENT, CHANGED, OPEN = "now", "no longer", "differently", "another tier for what the rules leave open"
MOST_RULES = 4
MADE_BY_HAND = frozenset({"classifier_unavailable"})  # says what is there in any case


class Change(NamedTuple):
    """`how` is whether the rule came, went or said something else; `gone` and `new` are phrases that made it so."""

    how: str
    rule: str = ""
    value: str = ""
    threshold: str = ""
    gone: Sequence[str] = ()
    new: Sequence[str] = ()


def changes_between(
    old: RoutingDecision | None, new: RoutingDecision | None, before: Texts = NO_TEXTS, after: Texts = NO_TEXTS
) -> list[Change]:
    """What fires only under the one or only under the other policy, what points to where the request goes first.

    `before` and `after` are the phrases that count under each.
    """
    fired, fires = _fired(old.reasons if old else ()), _fired(new.reasons if new else ())
    came = [reason for rule, reason in fires.items() if rule not in fired]
    went = [reason for rule, reason in fired.items() if rule not in fires]
    changed = [
        reason
        for rule, reason in fires.items()
        if rule in fired and isinstance(reason.value, str) and _goal(reason) != _goal(fired[rule])
    ]
    gone, more = missing(before, after), missing(after, before)
    found = [*_said(CAME, came, gone, more), *_said(WENT, went, gone, more), *_said(CHANGED, changed, gone, more)]
    return found[:MOST_RULES] or list(_left_open(gone, more))


def _fired(reasons: Sequence[Reason]) -> dict[str, Reason]:
    return {reason.rule: reason for reason in reasons if reason.fired and reason.rule not in MADE_BY_HAND}


def _goal(reason: Reason) -> tuple[object, object]:
    return reason.value, reason.threshold


def _said(how: str, reasons: Iterable[Reason], gone: Texts, new: Texts) -> Iterator[Change]:
    for reason in reasons:
        value, threshold = _short(reason.value), _short(reason.threshold)
        lost, won = (speaking, holding) if how == WENT else (holding, speaking)
        yield Change(how, reason.rule, value, threshold, lost(reason.rule, gone), won(reason.rule, new))


def _left_open(gone: Texts, new: Texts) -> Iterator[Change]:
    """No rule came or went, but phrases did."""
    if any(gone.values()) or any(new.values()):
        yield Change(OPEN, gone=_all(gone), new=_all(new))


def _all(texts: Texts) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(texts.values())))


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.6g}"
