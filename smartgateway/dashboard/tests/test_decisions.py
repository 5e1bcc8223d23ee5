from decimal import Decimal

import pytest

from smartgateway.dashboard.decisions import row_of, why
from smartgateway.dashboard.tests.rows import decision, outcome


@pytest.mark.parametrize(
    ("phase", "reasons", "words"),
    [
        pytest.param(
            "heuristic",
            [["near_miss", 1.0, 2.0, -1.0, "CLAUDE", False], ["total_chars", 64213.0, 30000.0, 1.0, "CLAUDE", True]],
            "Rules: total chars (64,213, threshold 30,000)",
            id="a rule that fired, with its measure",
        ),
        pytest.param(
            "heuristic",
            [["simple_form", 1.0, 1.0, 1.0, "LOCAL", True], ["tool_loop", 1.0, 1.0, 1.0, "CLAUDE", True]],
            "Rules: tool loop",
            id="the rule that points to the decision before one that does not, without a number that says nothing",
        ),
        pytest.param("explicit", [["tier", "opus", "", 0, "", True]], "Asked for by name: tier (opus)", id="a word"),
        pytest.param(
            "heuristic",
            [["simple_task", "prose_chars 39", 300, 0.87, "CLAUDE", True]],
            "Rules: simple task (prose chars 39, threshold 300)",
            id="the measure that a rule names",
        ),
        pytest.param(
            "explicit",
            [["tier", "my_model", "", 0, "", True]],
            "Asked for by name: tier (my_model)",
            id="a name as it is",
        ),
        pytest.param(
            "heuristic",
            [["classifier_unavailable", "skipped:not_asked", "", 0, "", True]],
            "Rules: none was sure, classifier not asked",
            id="nobody was sure",
        ),
        pytest.param("llm_classifier", [], "Judged by the classifier", id="no rule"),
        pytest.param(
            "session",
            [["idle", 0.25, 3, 1, "", True]],
            "Kept for its conversation: idle (0.25, threshold 3)",
            id="a fraction",
        ),
    ],
)
def test_a_decision_is_explained_in_words(phase, reasons, words):
    assert why(phase, "CLAUDE", reasons) == words


@pytest.mark.django_db
def test_a_decision_without_an_outcome_is_in_progress_and_its_cost_is_unknown():
    row = row_of(decision(requested_model=""))

    assert (row.asked, row.status, row.cost, row.is_moved) == ("auto", "", None, False)


@pytest.mark.django_db
def test_another_tier_that_answered_is_named():
    ended = outcome(decision(tier="local"), served_tier="haiku", served_model="claude-haiku-5-5", cost=Decimal("0.001"))

    row = row_of(ended.decision)

    assert row.is_moved
    assert (row.tier, row.served_tier, row.cost) == ("local", "haiku", Decimal("0.001"))
