"""The day that the tests of reports look at."""

from datetime import UTC, date, datetime

DAY = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
