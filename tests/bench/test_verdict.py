"""A run that lost a record, or measured its own load, does not count."""

import pytest

from bench.gateway import Record
from bench.verdict import Verdict

WHOLE = Verdict(
    sent=120,
    to_claude=20,
    record=Record(decisions=120, outcomes=120, answered_by_local=100, decided_by_rules=100),
    shipped_seconds=1.0,
    syncs=50,
    load_busy=0.5,
    shipper_us=100,
    resident_mb=90,
    idle_mb=10,
)


def test_a_whole_run_counts():
    assert WHOLE.counts


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"record": WHOLE.record._replace(outcomes=119)}, "119 outcomes", id="a lost outcome"),
        pytest.param({"record": WHOLE.record._replace(decisions=121)}, "121 decisions", id="a doubled decision"),
        pytest.param({"record": WHOLE.record._replace(decided_by_rules=99)}, "99 of 100 were decided", id="a detour"),
        pytest.param({"syncs": 0}, "synced", id="no sync"),
        pytest.param({"load_busy": 0.81}, "81% busy", id="a busy load"),
    ],
)
def test_a_run_that_proves_nothing_says_why(change, complaint):
    [told] = WHOLE._replace(**change).complaints

    assert complaint in told
