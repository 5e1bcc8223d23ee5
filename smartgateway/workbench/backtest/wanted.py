"""The policy and the days of a backtest, as its form has them. Nothing else is ever tried in their place."""

from collections.abc import Mapping
from datetime import date

from django.http import Http404

from routing import policies
from routing.models import PolicyVersion
from smartgateway.dashboard.periods import EARLIEST, LONGEST, day_of, periods

DEFAULT = "month"
BROKEN_DRAFT = "The draft cannot be tried: mend it first."


class RefusedError(ValueError):
    """`field` is the one beside which the reason stands."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def number_of(policy: str) -> int:
    """0 stands for the draft."""
    return int(policy) if policy.isascii() and policy.isdigit() and len(policy) < 9 else 0


def content_of(version: int) -> policies.Content:
    """Of a version or the draft. Raises `RefusedError` for what no process could load or nobody could publish."""
    if not version:
        draft = policies.draft_content()
        if any(policies.problems(draft)):
            raise RefusedError("policy", BROKEN_DRAFT)
        return draft
    found = PolicyVersion.objects.filter(number=version).first()
    if found is None:
        raise Http404
    if problem := policies.problem_of(found):
        raise RefusedError("policy", f"{problem[0].upper()}{problem[1:]}.")
    return dict(found.content)


def days_in(asked: Mapping[str, str], day: date) -> tuple[date, date]:
    """From one day to another where these are given, else a period by its name. Raises `RefusedError`."""
    if not asked.get("from") and not asked.get("to"):
        return _named(asked.get("period") or DEFAULT, day)
    first, last = _day(asked, "from"), _day(asked, "to")
    if first < EARLIEST:
        raise RefusedError("from", f"No request is as old as that: begin in {EARLIEST.year} or later.")
    if last < first:
        raise RefusedError("to", "The last day lies before the first.")
    if last > day:
        raise RefusedError("to", f"That day is still to come: today is {day}.")
    if last - first > LONGEST:
        number = (last - first).days + 1
        raise RefusedError("to", f"These are {number:,} days: at most {LONGEST.days + 1} are tried at once.")
    return first, last


def _named(name: str, day: date) -> tuple[date, date]:
    period = periods(day).get(name)
    if period is None:
        raise RefusedError("period", "There is no such period.")
    return period.first, period.last


def _day(asked: Mapping[str, str], field: str) -> date:
    text = asked.get(field, "")
    if not text:
        which = "first" if field == "from" else "last"
        raise RefusedError(field, f"Say the {which} day as well, or leave both empty.")
    day = day_of(text)
    if day is None:
        raise RefusedError(field, "This is no day: write it as 2026-01-31.")
    return day
