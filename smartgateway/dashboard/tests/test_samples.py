from datetime import timedelta
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum

from audit.models import Attempt, DailyReport, Outcome, RoutingDecision, Writer
from audit.reports import today
from audit.verification import verify
from routing import policies, prices
from routing.engine.features import Features
from smartgateway.dashboard.samples import remove
from smartgateway.dashboard.samples.exchanges import samples
from smartgateway.dashboard.tests.rows import decision, outcome, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def bootstrapped(db):
    policies.load_defaults()
    prices.load_defaults()
    policies.refresh()
    prices.refresh()
    yield
    policies.forget()


@pytest.fixture
def seeded(bootstrapped):
    call_command("seed_history", "--days", "3", "--per-day", "400", verbosity=0, stdout=StringIO())


def test_a_synthetic_history_is_a_record_that_holds_together(seeded, tmp_path):
    found = verify(Path(tmp_path))

    assert found.troubles == []
    assert RoutingDecision.objects.count() == Outcome.objects.count() > 100
    assert Attempt.objects.filter(number=2).exists()


def test_it_is_spread_over_what_a_dashboard_shows(seeded):
    decisions = RoutingDecision.objects.order_by()

    assert set(decisions.values_list("tier", flat=True).distinct()) >= {"local", "sonnet", "opus"}
    assert set(decisions.values_list("phase", flat=True).distinct()) >= {"explicit", "heuristic", "llm_classifier"}
    assert decisions.values("team_id").distinct().count() == 4
    assert Outcome.objects.exclude(status="answered").exists()


def test_what_was_asked_for_by_name_is_answered_by_it_and_haiku_has_its_own_tier(seeded):
    by_name = Outcome.objects.filter(decision__phase="explicit", served_tier__gt="")

    assert by_name.filter(decision__tier="haiku").exists()
    assert not by_name.exclude(served_tier=F("decision__tier")).exists()


def test_local_answers_in_conversations_leave_an_interval_of_what_was_saved(seeded):
    saved = DailyReport.objects.aggregate(low=Sum("saved_requested"), high=Sum("saved_requested_high"))

    assert saved["low"] < saved["high"]


def test_it_looks_like_a_team_of_developers_most_cost_is_agents_and_small_asks_are_local(seeded):
    total = DailyReport.objects.aggregate(n=Sum("request_count"), cost=Sum("cost"), saved=Sum("saved_requested"))
    agents = DailyReport.objects.filter(is_agentic=True)
    chats = DailyReport.objects.filter(is_agentic=False)

    assert agents.aggregate(cost=Sum("cost"))["cost"] > total["cost"] / 2
    assert not agents.filter(tier="local").exists()
    assert chats.filter(tier="local").aggregate(n=Sum("request_count"))["n"] > total["n"] / 5
    assert 0 < total["saved"] < total["cost"]


def test_it_holds_signs_that_an_answer_did_not_do(bootstrapped):
    decisions = [each.decision for each in samples(1_500, 1)]

    assert any(each.is_repeated_ask for each in decisions)
    assert any(each.is_raised for each in decisions)
    assert max(each.repeated_tool_calls for each in decisions) >= 3


def test_what_was_measured_is_what_was_counted(bootstrapped):
    for each in samples(200, 1):
        features = Features.unpack(msgspec.msgpack.decode(each.decision.features)[0])
        counted = each.outcome.fresh_input_tokens + each.outcome.cache_read_input_tokens
        counted += each.outcome.cache_write_5m_input_tokens
        if each.outcome.status == "answered" and counted > 100:
            assert counted / 3 < features.estimated_tokens + features.tool_tokens < counted * 3


def test_it_is_in_the_reports_and_lies_in_the_days_that_were_asked_for(seeded):
    days = set(DailyReport.objects.values_list("day", flat=True))

    assert days <= {today() - timedelta(days=number) for number in range(3)}
    assert DailyReport.objects.aggregate(n=Sum("request_count"))["n"] == RoutingDecision.objects.count()


def test_it_is_removed_whole_and_nothing_else_is(append_only, seeded):
    real = decision()
    outcome(real)
    report(team_id=1)

    remove()

    assert RoutingDecision.objects.get().pk == real.pk
    assert Outcome.objects.get().pk == real.pk
    assert not Attempt.objects.exists()
    assert not Writer.objects.filter(is_synthetic=True).exists()
    assert DailyReport.objects.get().team_id == 1


def test_the_same_seed_draws_the_same_day(bootstrapped):
    assert [each.decision.tier for each in samples(30, 5)] == [each.decision.tier for each in samples(30, 5)]


def test_it_needs_a_policy_to_decide_by(db):
    policies.forget()

    with pytest.raises(CommandError, match="bootstrap"):
        call_command("seed_history")
