"""Days as a calendar of their zone shows them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ids import id_at
from audit.models.querysets import range_of

pytestmark = pytest.mark.django_db

MOMENTS = st.integers(1_325_462_400, 2_082_585_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Pacific/Apia",
    "Australia/Sydney",
]


@given(st.sampled_from(ZONES), st.dates(date(2012, 1, 1), date(2035, 12, 31)))
def test_days_follow_each_other_without_a_gap_or_an_overlap(zone, day):
    _, end = range_of(day, zone)
    start, _ = range_of(day + timedelta(days=1), zone)

    assert end == start


@given(st.sampled_from(ZONES), MOMENTS)
def test_every_moment_lies_in_the_day_that_a_calendar_there_shows(zone, moment):
    first, end = range_of(moment.astimezone(ZoneInfo(zone)).date(), zone)

    assert first <= id_at(moment) < end
