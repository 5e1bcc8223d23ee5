"""The days that a backtest is to run on, as its form has them. Another period never runs in their place."""

from collections.abc import Mapping
from datetime import date

from smartgateway.dashboard.periods import EARLIEST, LONGEST, day_of, periods

DEFAULT = "month"


class RefusedDaysError(ValueError):
    """`field` is the one beside which the reason stands."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.reason = field, reason


def days_in(asked: Mapping[str, str], day: date) -> tuple[date, date]:
    """From one day to another where these are given, else a period by its name. Raises `RefusedDaysError`."""
    if not asked.get("from") and not asked.get("to"):
        return _named(asked.get("period") or DEFAULT, day)
    first, last = _day(asked, "from"), _day(asked, "to")
    if first < EARLIEST:
        raise RefusedDaysError("from", f"No request is as old as that: begin in {EARLIEST.year} or later.")
    if last < first:
        raise RefusedDaysError("to", "The last day lies before the first.")
    if last > day:
        raise RefusedDaysError("to", f"That day is still to come: today is {day}.")
    if last - first > LONGEST:
        number = (last - first).days + 1
        raise RefusedDaysError("to", f"These are {number:,} days: at most {LONGEST.days + 1} are tried at once.")
    return first, last


def _named(name: str, day: date) -> tuple[date, date]:
    period = periods(day).get(name)
    if period is None:
        raise RefusedDaysError("period", "There is no such period.")
    return period.first, period.last


def _day(asked: Mapping[str, str], field: str) -> date:
    text = asked.get(field, "")
    if not text:
        which = "first" if field == "from" else "last"
        raise RefusedDaysError(field, f"Say the {which} day as well, or leave both empty.")
    day = day_of(text)
    if day is None:
        raise RefusedDaysError(field, "This is no day: write it as 2026-01-31.")
    return day
