import pytest

from audit.reports import today
from routing.tests.engine.given import shipped
from smartgateway.workbench.evidence.month import month
from smartgateway.workbench.evidence.summing import summarise

pytestmark = pytest.mark.django_db


def opus_row():
    summarise(today())
    return next(row for row in month(shipped()).rules if row.name == "opus_score")


@pytest.mark.parametrize(
    ("score", "near"),
    [
        pytest.param(0.0, 0, id="nowhere near"),
        pytest.param(0.374, 0, id="a little further than a quarter of the threshold"),
        pytest.param(0.375, 1, id="a quarter of the threshold below it"),
        pytest.param(0.6, 1, id="reached, where opus is not allowed"),
    ],
)
def test_a_score_that_is_recorded_came_near_only_within_the_margin(asked, score, near):
    told = ["opus_score", score, 0.5, round(score - 0.5, 4), "CLAUDE", False]
    asked("our importer is slow", reasons=[["opus_score", 0.8, 0.5, 0.3, "CLAUDE", True]])
    asked("our importer is slow", reasons=[told])

    row = opus_row()

    assert (row.fired, row.near) == (1, near)


def test_a_score_under_a_policy_that_is_gone_is_not_called_near(asked):
    asked("our importer is slow", reasons=[["opus_score", 0.8, 0.5, 0.3, "CLAUDE", True]])
    asked("our importer is slow", reasons=[["opus_score", 0.45, 0.5, -0.05, "CLAUDE", False]], policy_version=9)

    assert opus_row().near == 0
