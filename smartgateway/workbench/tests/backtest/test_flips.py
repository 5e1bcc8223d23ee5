"""Which rule moved a request, and by which phrases: on the page, and out of what an older release stored."""

import pytest
from django.urls import reverse

from routing.engine.types import Band, Reason, RoutingDecision
from routing.models import Phrase, PhraseList
from smartgateway.workbench.backtest.flips import OPEN, WENT, Change, changes_between
from smartgateway.workbench.backtest.shown import sentence

pytestmark = pytest.mark.django_db
BEGIN = reverse("workbench:backtest_begin")
EXPLAIN = Reason("simple_task", "asks 1", "2", 0.5, Band.LOCAL)


def page(client):
    answer = client.post(BEGIN, {"policy": "draft", "period": "week"}, follow=True)
    return " ".join(answer.content.decode().split())


def add(name, text):
    Phrase.objects.create(phrase_list=PhraseList.objects.get(name=name), text=text)


def remove(name, text):
    assert Phrase.objects.filter(phrase_list__name=name, text=text).delete()[0]


def test_a_flip_names_the_new_phrase_that_made_it(admin_client, recorded):
    recorded("Please reconcile the ledger of our importer", keeps_text=True)
    add("simple_task", "reconcile the ledger")

    assert "Now simple task (asks 1, threshold 2), by the new “reconcile the ledger”" in page(admin_client)


def test_a_flip_names_the_phrase_that_is_gone(admin_client, recorded):
    recorded("Explain our importer")
    remove("simple_task", "explain")

    assert "No longer simple task, without “explain”" in page(admin_client)


def test_a_flip_names_the_new_phrase_that_keeps_a_rule_from_firing(admin_client, recorded):
    recorded("Explain our importer", keeps_text=True)
    add("investigation", "importer")

    assert "No longer simple task, by the new “importer”" in page(admin_client)


def test_a_flip_names_the_phrase_without_which_a_rule_fires(admin_client, recorded):
    recorded("Explain the root cause")
    remove("investigation", "root cause")

    assert "Now simple task (asks 1, threshold 2), without “root cause”" in page(admin_client)


def decided(*reasons):
    return RoutingDecision("local", "m", None, 0.0, reasons, "heuristic")


def test_phrases_that_changed_where_no_rule_did_are_told_all_the_same():
    before, after = {"simple_task": ("explain", "rename")}, {"simple_task": ("rename",), "scope": ("roadmap",)}

    found = changes_between(decided(EXPLAIN), decided(EXPLAIN), before, after)

    assert found == [Change(OPEN, gone=("explain",), new=("roadmap",))]
    assert sentence(found) == ("another tier for what the rules leave open, by the new “roadmap”, without “explain”")


def test_what_an_older_release_stored_without_phrases_is_read():
    assert sentence([["no longer", "simple_task", "asks 1", "2"]]) == "no longer simple task"


def test_phrases_that_are_no_matter_of_the_rule_are_left_out():
    [change] = changes_between(decided(EXPLAIN), decided(), {"scope": ("roadmap",)}, {"greeting": ("hi",)})

    assert change == Change(WENT, "simple_task", "asks 1", "2")
