from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from audit.reports import today
from routing.models import PhraseList, Threshold
from routing.policies import load_defaults
from smartgateway.workbench.evidence import pages
from smartgateway.workbench.evidence.model import EvidenceDay
from smartgateway.workbench.evidence.month import RULES
from smartgateway.workbench.evidence.summing import summarise

pytestmark = pytest.mark.django_db
SIMPLE = "what is a monad"
EVIDENCE = reverse("workbench:evidence")


def text(response):
    return " ".join(response.content.decode().split())


def rule(name):
    return reverse("workbench:rule", args=[name])


@pytest.fixture
def operated(admin_client):
    load_defaults()
    return admin_client


def test_before_anything_was_summed_up_the_page_says_so(operated):
    page = text(operated.get(EVIDENCE))

    assert "30 of 30 days are not summed up yet" in page
    assert "None were." in page


def test_a_click_sums_up_what_is_missing(operated, asked):
    asked(SIMPLE)

    page = text(operated.post(reverse("workbench:summarise"), follow=True))

    assert EvidenceDay.objects.count() == 30
    assert f'<a href="{rule("self_contained")}">self contained</a>' in page


def test_where_no_worker_can_be_told_the_page_says_so(operated, monkeypatch):
    monkeypatch.setattr(pages, "later", lambda task: False)

    page = text(operated.post(reverse("workbench:summarise"), follow=True))

    assert "Redis cannot be reached" in page


def test_a_rule_leads_to_its_rows_in_the_admin_and_to_the_decisions_that_fired_it(operated, asked):
    made = asked(SIMPLE)
    summarise(today())

    page = text(operated.get(rule("self_contained")))

    threshold = Threshold.objects.get(name="self_contained_chars")
    phrases = PhraseList.objects.get(name="self_contained")
    assert reverse("admin:routing_threshold_change", args=[threshold.pk]) in page
    assert reverse("admin:routing_phraselist_change", args=[phrases.pk]) in page
    assert reverse("dashboard:decision", args=[made.pk]) in page
    assert "what is a 1" in page


def test_phrases_that_speak_against_a_rule_stand_apart(operated, asked):
    asked("explain why our importer is slow")
    summarise(today())

    lists = text(operated.get(rule("simple_task"))).partition("<h2>Its phrases</h2>")[2]
    own, _, against = lists.partition("Investigation: these speak against it</h3>")

    assert "explain 1" in own
    assert "why our 1" in against
    assert "why our" not in own


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        (("threshold", "simple_task_prose_chars"), ["simple_task", "single_file_edit"]),
        (("threshold", "near_margin"), []),
        (("phraselist", "investigation"), ["simple_task", "single_file_edit"]),
        (("phraselist", "harness"), []),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)
def test_the_form_of_a_threshold_or_list_leads_to_its_rules_and_to_the_evidence(operated, row, rules):
    kind, name = row
    pk = {"threshold": Threshold, "phraselist": PhraseList}[kind].objects.get(name=name).pk

    page = text(operated.get(reverse(f"admin:routing_{kind}_change", args=[pk])))

    led_to = [each for each in RULES if f'href="{rule(each)}"' in page]
    assert led_to == [each for each in RULES if each in rules]
    assert f'href="{EVIDENCE}#' in page


def test_each_threshold_of_a_rule_has_its_histogram_which_leads_to_its_field(operated, asked):
    asked("explain this function")
    summarise(today())
    Threshold.objects.filter(name="simple_task_prose_chars").update(value=250)

    page, whole = text(operated.get(rule("simple_task"))), text(operated.get(EVIDENCE))

    for name in ("simple_task_chars", "simple_task_prose_chars", "simple_task_system_chars"):
        address = reverse("admin:routing_threshold_change", args=[Threshold.objects.get(name=name).pk])
        assert f'aria-label="How far 1 requests lay from {name.replace("_", " ")}"' in page
        assert f'<figcaption><a href="{address}"' in page
        assert f'<figcaption><a href="{address}"' in whole
    assert "<b>3,000</b><span>6,000+</span>" in page
    assert "Characters, met below the line. The draft says <b>250</b>." in page
    assert "No request came to: " in whole


def test_a_rule_that_never_fired_has_its_page_too_and_another_word_has_none(operated, asked):
    asked(SIMPLE)
    summarise(today())

    assert "Never fired" in text(operated.get(rule("compaction")))
    assert operated.get(rule("astrology")).status_code == 404


def test_a_rule_leads_to_the_version_in_force_and_to_the_dashboard_of_its_days(operated, asked):
    asked(SIMPLE)
    summarise(today())

    page = text(operated.get(rule("self_contained")))

    assert reverse("workbench:version", args=[1]) in page
    assert f"{reverse('dashboard:overview')}?from={today() - timedelta(days=29)}&amp;to={today()}" in page


def test_a_list_of_phrases_that_is_cut_says_so(operated, asked, monkeypatch):
    asked("what is a monad and how do I write a function")
    asked("explain this and fix this typo")
    summarise(today())
    whole = text(operated.get(EVIDENCE))
    found = len(operated.get(EVIDENCE).context["month"].phrases)

    monkeypatch.setattr(pages, "SHOWN_PHRASES", found - 1)

    assert "that were found most often" not in whole
    assert f"Shown are the {found - 1} that were found most often, of {found};" in text(operated.get(EVIDENCE))


def test_a_phrase_leads_to_its_list(operated, asked):
    asked(SIMPLE)
    summarise(today())

    listed = PhraseList.objects.get(name="self_contained")
    assert f'{reverse("admin:routing_phraselist_change", args=[listed.pk])}">self contained</a>' in text(
        operated.get(EVIDENCE)
    )


def test_without_a_policy_the_counts_stand_alone(admin_client, asked, monkeypatch):
    from routing import policies

    asked(SIMPLE)
    summarise(today())

    def missing():
        raise policies.PolicyMissingError

    monkeypatch.setattr(policies, "current", missing)

    assert "a phrase that the policy no longer has" in text(admin_client.get(EVIDENCE))


@pytest.mark.parametrize("address", [EVIDENCE, rule("greeting"), reverse("workbench:doubt")])
def test_only_an_admin_sees_the_evidence(client, address):
    client.force_login(User.objects.create_user("ada"))

    assert client.get(address).status_code == 403


def test_only_an_admin_has_it_summed_up(client):
    client.force_login(User.objects.create_user("ada"))

    assert client.post(reverse("workbench:summarise")).status_code == 403
    assert not EvidenceDay.objects.exists()
