"""The days that a page can show, in the time zone of the reports."""

from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Period:
    name: str
    title: str
    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def periods(day: date) -> dict[str, Period]:
    """What can be chosen on `day`, by the name that stands in the address."""
    yesterday = day - timedelta(days=1)
    offered = [
        Period("today", "Today", day, day),
        Period("yesterday", "Yesterday", yesterday, yesterday),
        Period("week", "Last 7 days", day - WEEK, day),
    ]
    return {period.name: period for period in offered}
