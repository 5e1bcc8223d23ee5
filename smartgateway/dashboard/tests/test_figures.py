from datetime import timedelta
from decimal import Decimal

import pytest

from smartgateway.dashboard.figures import figures as figures_of
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.periods import periods
from smartgateway.dashboard.tests.rows import DAY, NOW, report

pytestmark = pytest.mark.django_db
TODAY, YESTERDAY, WEEK, *_ = periods(DAY).values()


def figures(period, teams, **narrowing):
    return figures_of(Filters(period, **narrowing), teams)


def test_shares_are_of_all_requests_and_of_all_money():
    report("local", requests=60)
    report("sonnet", requests=30, cost="3")
    report("opus", requests=10, cost="9")

    shares = {tier.value: (tier.request_percent, tier.cost_percent) for tier in figures(TODAY, None).tiers}

    assert shares == {"local": (60, 0), "sonnet": (30, 25), "opus": (10, 75)}


def test_the_ladder_is_shown_whole_and_haiku_and_other_models_only_where_they_were_used():
    report("local")
    assert [tier.value for tier in figures(TODAY, None).tiers] == ["local", "sonnet", "opus"]

    report("")
    report("haiku")

    assert [tier.value for tier in figures(TODAY, None).tiers] == ["local", "haiku", "sonnet", "opus", "other"]


@pytest.mark.parametrize(
    ("models", "note"),
    [
        ([""], "none answered"),
        (["", "claude-fable-5-2"], "claude-fable-5-2"),
        (["a", "b", "c", "d", "e"], "e, d, c and 2 more"),
    ],
    ids=["refused", "one", "many"],
)
def test_other_models_are_named_the_most_used_first(models, note):
    for number, model in enumerate(models):
        report("", served_model=model, requests=number + 1)

    [other] = [tier for tier in figures(TODAY, None).tiers if tier.value == "other"]

    assert (other.title, other.note) == ("Other models, by name", note)


def test_the_headline_is_against_as_requested_and_net_of_routing():
    report("local", requests=10, classifier_cost="0.5", baseline="4")
    report("sonnet", requests=10, cost="2", baseline="4")

    shown = figures(TODAY, None)

    assert shown.headline.title == "As requested"
    assert (shown.headline.cost, shown.headline.saved) == (8, Decimal("5.5"))
    assert shown.headline.percent == 68.75
    assert shown.spent == Decimal("2.5")


def test_routing_that_cost_more_than_it_saved_shows_a_loss():
    report("opus", cost="9", baseline="3")

    assert figures(TODAY, None).headline.saved == -6
    assert figures(TODAY, None).headline.percent == -200


def test_only_the_teams_that_the_reader_may_see_are_counted():
    report(team_id=1, requests=3)
    report(team_id=2, requests=5)

    assert figures(TODAY, frozenset({2})).total["request_count"] == 5
    assert figures(TODAY, frozenset()).total["request_count"] == 0


def test_a_period_counts_its_own_days_alone():
    for days_ago, requests in ((0, 1), (1, 10), (6, 100), (7, 1000)):
        report(requests=requests, day=DAY - timedelta(days=days_ago))

    counted = [figures(period, None).total["request_count"] for period in (TODAY, YESTERDAY, WEEK)]

    assert counted == [1, 10, 111]


def test_the_trend_has_every_day_also_those_without_requests():
    report("opus", requests=4, cost="1.5")

    days = figures(TODAY, None).days

    assert [day.day for day in days] == WEEK.days
    assert [day.requests["opus"] for day in days] == [0, 0, 0, 0, 0, 0, 4]
    assert days[-1].cost == Decimal("1.5")


def test_a_period_that_was_never_reported_is_told_from_one_without_requests():
    report(requests=0)

    assert figures(TODAY, None).built_at == NOW
    assert figures(YESTERDAY, None).built_at is None


def test_figures_are_narrowed_by_team_tier_model_and_tag():
    report("sonnet", requests=3, served_model="claude-sonnet-5-5")
    report("local", requests=5, team_id=2)
    report("local", requests=7, tag="ci")

    counted = [
        figures(TODAY, None, **narrowing).total["request_count"]
        for narrowing in ({"team": "2"}, {"tier": "sonnet"}, {"model": "claude-sonnet-5-5"}, {"tag": "ci"}, {})
    ]

    assert counted == [5, 3, 3, 7, 8]


def test_agents_and_chats_have_their_own_sums():
    report("opus", requests=2, cost="9", is_agentic=True)
    report("local", requests=8, cost="1")

    kinds = {kind.title: (kind.request_percent, kind.cost_percent) for kind in figures(TODAY, None).kinds}

    assert kinds == {"Agents": (20, 90), "Chats and scripts": (80, 10)}


def test_what_costs_most_stands_first():
    report("local", team_id=1, team_name="Payments", cost="1")
    report("opus", team_id=2, team_name="Search", cost="5")

    assert [team.title for team in figures(TODAY, None).teams] == ["Search", "Payments"]


def test_percentiles_are_those_of_all_histograms_together():
    report("local", latency_histogram=[0] * 30 + [50])
    report("opus", latency_histogram=[0] * 36 + [50])

    whole, first_chunk, _ = figures(TODAY, None).timings

    assert 1.0 < whole.p50 < 1.3
    assert 4.0 < whole.p99 < 5.2
    assert first_chunk.p50 is None
