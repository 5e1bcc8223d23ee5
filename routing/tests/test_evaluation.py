import json
import re
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from routing import policies, prices
from routing.engine.types import Price, Tier
from routing.evaluation import (
    bands,
    confusion,
    cost_quality,
    costs,
    figures,
    grouped,
    judged,
    latency,
    report,
)
from routing.tests.engine.given import TOOL, shipped, surroundings

ROWS = Path(settings.BASE_DIR) / "bench" / "data" / "requests.jsonl"
HELLO = {"messages": [{"role": "user", "content": "hello"}], "label_tier": "local", "source": "chat"}
TASK = {"messages": [{"role": "user", "content": "fix it"}], "tools": [TOOL], "label_tier": "local", "source": "agent"}
OPEN = {"messages": [{"role": "user", "content": "blue boats"}], "label_tier": "opus", "source": "chat"}
HOPELESS = {**TASK, "none_good": True}
PRICE = Price(*map(Decimal, ("2", "10", "0.1", "2.5", "4")))


def rows(*given, price=PRICE):
    return [judged(row, shipped(), surroundings(), lambda tier: price, 100) for row in given]


def test_the_figures_grade_only_what_was_decided_and_has_a_label():
    found = figures(rows(HELLO, TASK, OPEN, HOPELESS))

    assert (found.rows, found.graded, found.decided, found.decided_graded) == (4, 3, 3, 2)
    assert (found.sides_right, found.tiers_right, found.called_local, found.local_right) == (1, 1, 1, 1)


def test_the_confusion_keeps_what_was_left_open_apart():
    found = confusion(rows(HELLO, TASK, OPEN, HOPELESS))

    assert found["local"] == {"local": 1, "sonnet": 1, "opus": 0, "AMBIGUOUS": 0}
    assert found["opus"] == {"local": 0, "sonnet": 0, "opus": 0, "AMBIGUOUS": 1}


def test_rows_are_grouped_by_source_and_tools():
    groups = grouped(rows(HELLO, TASK, OPEN))

    assert {name: len(group) for name, group in groups.items()} == {
        "all": 3,
        "with tools": 1,
        "without tools": 2,
        "agent": 1,
        "chat": 2,
    }


def test_a_measured_cost_goes_before_an_estimate():
    dear = {**HELLO, "cost_usd": {"local": 0.0, "sonnet": 0.5, "opus": 1.5}}

    found = costs(rows(dear, HELLO))

    assert found["all opus"] == Decimal("1.5") + Decimal("0.001004")
    assert found["as routed"] == Decimal("0.001004")


def test_an_unknown_price_leaves_the_total_unknown():
    assert costs(rows(HELLO, price=None))["all sonnet"] is None
    assert report(rows(HELLO, price=None))["cost_usd"]["all opus"] is None


def test_percentiles_come_from_the_measured_times():
    found = latency(rows(HELLO, TASK, OPEN))

    assert 0 < found["p50"] <= found["p99"] == found["p99.9"]


def test_with_no_evidence_nothing_is_called_local():
    written = [json.loads(line) for line in ROWS.read_text().splitlines()]

    found = figures(rows(*written))

    assert found.rows == 76
    assert found.local_right == found.called_local >= 20


def test_a_source_with_the_name_of_a_group_stands_beside_it():
    groups = grouped(rows(HELLO, {**HELLO, "source": "all"}, {**HELLO, "source": None}))

    assert {name: len(group) for name, group in groups.items() if "tools" not in name} == {
        "all": 3,
        "chat": 1,
        "no source": 1,
        "source all": 1,
    }


@pytest.fixture
def published(db):
    policies.load_defaults()
    prices.load_defaults()
    prices.refresh()
    policies.forget()
    yield
    policies.forget()


def evaluated(*arguments):
    out = StringIO()
    call_command("evaluate_policy", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("published")
def test_the_command_prints_tables_and_json():
    text = evaluated(str(ROWS))
    found = json.loads(evaluated(str(ROWS), "--json"))

    assert "written" in text
    assert "all opus" in text
    assert found["groups"]["all"]["rows"] == 76
    assert found["policy_version"] == 1
    assert set(found["confusion"]) == set(Tier)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param("", "holds no request", id="empty"),
        pytest.param("{", "line 1", id="broken"),
        pytest.param('{"messages": []}', "line 1: messages is a list without anything in it", id="without messages"),
        pytest.param(None, "cannot be read", id="missing"),
    ],
)
def test_the_command_names_what_it_cannot_read(tmp_path, content, complaint):
    file = tmp_path / "rows.jsonl"
    if content is not None:
        file.write_text(content)

    with pytest.raises(CommandError, match=complaint):
        evaluated(str(file))


@pytest.mark.django_db
def test_the_command_wants_a_published_policy():
    policies.forget()

    with pytest.raises(CommandError, match="bootstrap"):
        evaluated(str(ROWS))


def graded(row, local=None, sonnet=None, opus=None, good=0.7, **changes):
    return {**row, "outcomes": {"local": local, "sonnet": sonnet, "opus": opus}, "good_threshold": good, **changes}


def test_a_band_is_as_right_as_the_labels_on_its_side():
    found = bands(rows(HELLO, {**HELLO, "label_tier": "sonnet"}, TASK, OPEN, HOPELESS))

    assert found["LOCAL"] == {"graded": 2, "label_local": 1, "precision": 0.5}
    assert found["CLAUDE"] == {"graded": 1, "label_local": 1, "precision": 0.0}
    assert found["AMBIGUOUS"] == {"graded": 1, "label_local": 0, "precision": None}


def test_agreement_counts_what_is_served_where_the_rules_are_not_sure():
    found = report(rows(HELLO, TASK, {**OPEN, "label_tier": "sonnet"}))["groups"]["all"]

    assert (found["accuracy_tiers"], found["agreement_tiers"]) == (0.5, round(2 / 3, 4))


def test_quality_and_cost_are_those_of_the_same_requests():
    priced = {"cost_usd": {"local": 0.0, "sonnet": 0.2, "opus": 0.4}}
    given = rows(graded(HELLO, 0.9, 1.0, **priced), graded(TASK, 0.1, 0.8, **priced), OPEN)

    found = cost_quality(given)

    assert found["rows"] == 2
    assert found["ways"] == {
        "as routed": {"quality": 0.85, "good": 1.0, "cost_usd": 0.2},
        "all local": {"quality": 0.5, "good": 0.5, "cost_usd": 0.0},
        "all sonnet": {"quality": 0.9, "good": 1.0, "cost_usd": 0.4},
    }


def test_opus_is_compared_where_it_is_known_of_all():
    assert "all opus" in cost_quality(rows(graded(HELLO, 0.9, 1.0, 1.0)))["ways"]
    assert cost_quality(rows(HELLO)) == {"rows": 0, "ways": {}}


@pytest.mark.usefixtures("published")
def test_the_command_shows_bands_and_quality(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n\n".join(json.dumps(graded(HELLO, 0.9, 1.0)) for _ in range(2)))

    text = evaluated(str(file))

    assert "quality, 2 rows" in text
    assert re.search(r"LOCAL +2 +2 +100.0%", text)
