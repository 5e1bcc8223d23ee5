"""The days that a page can show, in the time zone of the reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

WEEK = timedelta(days=6)
MONTH = timedelta(days=29)
DAYS_A_MONTH = Decimal("30.4375")
LONGEST = timedelta(days=400)
EARLIEST = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """`name` is empty for days that were chosen one by one."""

    name: str
    title: str
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def machine_cost(period: Period, a_month: float) -> Decimal | None:
    """What the local model's machine costs in these days; None where it was never said."""
    return Decimal(str(a_month)) * len(period.days) / DAYS_A_MONTH if a_month else None


def periods(day: date) -> dict[str, Period]:
    """What can be chosen on `day`, by the name that stands in the address."""
    yesterday = day - timedelta(days=1)
    before = day.replace(day=1) - timedelta(days=1)
    offered = [
        Period("today", "Today", day, day),
        Period("yesterday", "Yesterday", yesterday, yesterday),
        Period("week", "Last 7 days", day - WEEK, day),
        Period("month", "Last 30 days", day - MONTH, day),
        Period("last-month", f"{before:%B %Y}", before.replace(day=1), before),
    ]
    return {period.name: period for period in offered}


def chosen(asked: Mapping[str, str], day: date, default: str = "today") -> Period:
    """By name, or from one day to another; what cannot be understood is the default."""
    offered = periods(day)
    first, last = day_of(asked.get("from", "")), day_of(asked.get("to", ""))
    if first and last and EARLIEST <= first <= last and last - first <= LONGEST:
        known = next((period for period in offered.values() if (period.first, period.last) == (first, last)), None)
        return known or Period("", span(first, last), first, last)
    return offered.get(asked.get("period", ""), offered[default])


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def span(first: date, last: date) -> str:
    if first == last:
        return f"{first.day} {first:%B %Y}"
    return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
