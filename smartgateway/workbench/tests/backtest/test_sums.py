import json
from decimal import Decimal

from routing.engine.types import Band
from smartgateway.workbench.backtest.again import CLASSIFIER, SAME, Again, Way
from smartgateway.workbench.backtest.costs import Bill
from smartgateway.workbench.backtest.counts import Counts
from smartgateway.workbench.backtest.figures import Money, Range
from smartgateway.workbench.backtest.shown import Shown, sentence
from smartgateway.workbench.backtest.sums import KEPT_OF_A_PAIR, OTHERS, Flip, Sums
from smartgateway.workbench.tests.backtest.given import row
from smartgateway.workbench.tests.backtest.test_costs import exactly, way


def flip(rank):
    return Flip(f"{rank:032x}", rank, "Payments", "laptop", "0", "1", "2", [["now", "scope", "3", "2"]])


def full():
    sums = Sums()
    sums.add(row(), Again([way("sonnet")]), Decimal(0), exactly("0.5"))
    sums.add(row(team_id=2), Again([way("sonnet"), way("opus")], CLASSIFIER), Decimal(0), Bill(Decimal(1), Decimal(2)))
    sums.add(row(phase="explicit"), SAME, Decimal(1), exactly("1"))
    sums.add(row(cost=None), Again([way("local")]), None, None)
    sums.draw(("local", "sonnet"), flip(7))
    return sums


def test_sums_are_the_same_after_they_were_stored():
    sums = full()

    assert Sums.from_json(json.loads(json.dumps(sums.as_json()))) == sums


def test_money_is_summed_where_it_is_known_before_and_after():
    total = full().total

    assert (total.requests, total.flipped, total.undecided, total.unknown) == (4, 1, 1, 1)
    assert (total.before, total.low, total.high) == (1, Decimal("2.5"), Decimal("3.5"))


def test_what_is_shown_adds_what_new_questions_cost():
    sums = Sums()
    asked = row(classifier_state="miss", classifier_cost=Decimal("0.25"))
    sums.add(asked, Again([way("local")._replace(calls=True)]), Decimal("0.25"), exactly("0.25"))
    new = [way(tier)._replace(calls=True) for tier in ("local", "sonnet")]
    sums.add(row(), Again(new, CLASSIFIER), Decimal(0), exactly("0"))

    shown = Shown(sums)

    assert (shown.calls.before, shown.calls.low, shown.calls.high) == (1, 2, 2)
    assert (shown.money.before, shown.money.low) == (Decimal("0.25"), Decimal("0.5"))


def test_an_answer_that_the_classifiers_memory_knew_is_no_question():
    sums = Sums()

    sums.add(row(classifier_state="hit"), Again([way("local")._replace(calls=True)]), Decimal(0), exactly("0"))

    assert (sums.counts.calls_before, sums.counts.calls_high) == (0, 0)


def test_coverage_lies_between_what_is_surely_and_what_is_perhaps_sure():
    sums = Sums()
    ways = [Way(way("sonnet").decision, Band.CLAUDE), Way(way("opus").decision, Band.AMBIGUOUS)]
    sums.add(row(band="AMBIGUOUS"), Again(ways, CLASSIFIER), Decimal(0), exactly("0"))

    coverage = Shown(sums).coverage

    assert (coverage.before, coverage.low, coverage.high) == (0, 0, 100)


def test_each_team_has_its_own_coverage_calls_and_cost_of_new_questions():
    sums = Sums()
    asked = row(band="AMBIGUOUS", classifier_state="miss", classifier_cost=Decimal("0.25"))
    sums.add(asked, Again([way("local")]), Decimal("0.25"), exactly("0"))
    new = [way(tier)._replace(calls=True) for tier in ("local", "sonnet")]
    sums.add(row(team_id=2, team_name="Search"), Again(new, CLASSIFIER), Decimal(0), exactly("0"))

    payments, search = Shown(sums).teams

    assert (payments.coverage, payments.calls) == (Range(0, 100, 100), Range(1, 0, 0))
    assert (search.coverage, search.calls) == (Range(100, 100, 100), Range(0, 1, 1))
    assert search.money == Money(Decimal(0), Decimal("0.25"), Decimal("0.25"))
    assert sum(team.money.low for team in (payments, search)) == Shown(sums).money.low


def test_a_team_that_asks_for_models_by_name_has_no_coverage():
    sums = Sums()
    sums.add(row(phase="explicit"), SAME, Decimal(1), exactly("1"))

    assert Shown(sums).teams[0].coverage is None


def as_before_teams_were_counted(sums):
    """As a release stored it that counted all teams together."""
    kept = sums.as_json()
    counts = {name: getattr(sums.counts, name) for name in Counts.__slots__ if getattr(sums.counts, name)}
    return {**kept, "teams": [team[:3] for team in kept["teams"]], "counts": counts}


def test_what_an_older_release_stored_has_its_counts_for_all_teams_together():
    shown = Shown(Sums.from_json(as_before_teams_were_counted(full())))

    assert (shown.coverage, shown.calls) == (Shown(full()).coverage, Shown(full()).calls)
    assert {(team.coverage, team.calls) for team in shown.teams} == {(None, None)}


def test_a_shadow_that_an_older_release_began_is_gone_on_with():
    sums = Sums.from_json(json.loads(json.dumps(as_before_teams_were_counted(full()))))

    sums.add(row(classifier_state="miss"), Again([way("local")]), Decimal(0), exactly("0"))

    again = Sums.from_json(json.loads(json.dumps(sums.as_json())))
    assert (again.counts.weighed, again.counts.calls_before) == (full().counts.weighed + 1, 1)
    assert Shown(again).teams[0].calls is None


def test_the_sample_is_the_same_however_it_is_drawn():
    pair, forwards, backwards = ("local", "opus"), Sums(), Sums()
    for rank in range(9):
        if forwards.is_wanted(pair, rank):
            forwards.draw(pair, flip(rank))
        if backwards.is_wanted(pair, 8 - rank):
            backwards.draw(pair, flip(8 - rank))

    assert forwards.flips == backwards.flips
    assert len(forwards.flips[pair]) == KEPT_OF_A_PAIR


def test_groups_beyond_their_bound_are_summed_together(monkeypatch):
    monkeypatch.setattr("smartgateway.workbench.backtest.sums.MOST_GROUPS", 1)
    sums = Sums()
    for key in (1, 2, 3):
        sums.add(row(key_id=key), Again([way("sonnet")]), Decimal(0), exactly("1"))

    assert sums.groups[OTHERS, OTHERS, "local", "sonnet"][1].requests == 2


def test_the_largest_movers_come_first():
    sums = Sums()
    sums.add(row(key_name="small"), Again([way("sonnet")]), Decimal(0), exactly("1"))
    sums.add(row(key_id=2, key_name="big"), Again([way("opus")]), Decimal(9), exactly("1"))

    assert [group.note for group in Shown(sums).movers] == ["big", "small"]


def test_the_matrix_shows_the_tiers_that_occur():
    shown = Shown(full())

    assert shown.columns == ["local", "sonnet", "open"]
    assert shown.matrix == [("local", [("local", 2), ("sonnet", 1), ("open", 1)])]


def test_the_rules_that_move_a_request_are_said_in_a_sentence():
    came, went = ["now", "deep_reasoning", "3", "2"], ["no longer", "simple_task", "files 0", "2"]

    assert sentence([came, went]) == "now deep reasoning (3, threshold 2); no longer simple task"
    assert sentence([]) == "another tier for what the rules leave open"
