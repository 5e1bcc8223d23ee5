from decimal import Decimal

import pytest

from routing.engine.types import Band, Reason
from smartgateway.dashboard.decisions import row_of, why
from smartgateway.dashboard.tests.rows import decision, outcome

LENGTH = Reason("context_limit", 64213.0, 30000.0, 1.0, Band.CLAUDE)
TASK = Reason("simple_task", "prose_chars 39", "300", 0.87, Band.LOCAL)
SCORE = Reason("opus_score", 0.75, 0.5, 0.25, Band.CLAUDE)
DEEP = Reason("deep_reasoning", 2, 2, 0.25, Band.CLAUDE)


@pytest.mark.parametrize(
    ("phase", "band", "reasons", "words"),
    [
        ("heuristic", "CLAUDE", [LENGTH], "Rules: context limit (64,213, threshold 30,000)"),
        ("heuristic", "LOCAL", [TASK], "Rules: simple task, “rename” and “explain” (prose chars 39, threshold 300)"),
        ("heuristic", "CLAUDE", [TASK, LENGTH], "Rules: context limit (64,213, threshold 30,000)"),
        (
            "heuristic",
            "CLAUDE",
            [DEEP, SCORE],
            "Rules: deep reasoning, “prove”; opus score, “prove” (0.75, threshold 0.50)",
        ),
        (
            "heuristic",
            "AMBIGUOUS",
            [TASK, DEEP, Reason("classifier_unavailable", "skipped:not_asked", "", 0.0)],
            "Rules: none was sure, classifier not asked",
        ),
        (
            "heuristic",
            "LOCAL",
            [TASK, Reason("min_tier", "local", "sonnet", 0.0)],
            "Rules: min tier (sonnet instead of local)",
        ),
        (
            "llm_classifier",
            "AMBIGUOUS",
            [TASK, DEEP, Reason("classifier", "opus", "", 0.0)],
            "Judged by the classifier: opus",
        ),
        ("llm_classifier", "AMBIGUOUS", [], "Judged by the classifier"),
        (
            "session",
            "LOCAL",
            [TASK, Reason("session_floor", "sonnet", "local", 0.0)],
            "Kept for its conversation: sonnet instead of local",
        ),
        (
            "session",
            "AMBIGUOUS",
            [Reason("session_floor", "sonnet", "sonnet", 0.0)],
            "Kept for its conversation: sonnet",
        ),
        ("explicit", "CLAUDE", [Reason("explicit_model", "my_model", "", 0.0)], "Asked for by name: my_model"),
        (
            "explicit",
            "LOCAL",
            [Reason("tier_not_allowed", "opus", "", 0.0)],
            "Asked for by name: tier not allowed (opus)",
        ),
        (
            "keyword",
            "LOCAL",
            [Reason("keyword_opus", 0, 1, -1, Band.CLAUDE, False)],
            "Keyword mode: keyword opus (0, threshold 1)",
        ),
        ("disabled", "LOCAL", [Reason("routing_disabled", 1.0, 1.0, 0.0)], "Smart routing is off"),
        (
            "disabled",
            "LOCAL",
            [Reason("observing", 1.0, 1.0, 0.0)],
            "Observed: served as asked; what auto would have chosen is only recorded",
        ),
    ],
)
def test_a_decision_is_explained_in_words(phase, band, reasons, words):
    assert why(phase, band, reasons, {"simple_task": ("rename", "explain"), "deep_reasoning": ("prove",)}) == words


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
