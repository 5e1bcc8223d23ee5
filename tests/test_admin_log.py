"""Whatever an admin does stays on record: every page of the admin, every button and every form is found and tried."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.urls import get_resolver, reverse
from django.utils import timezone

from audit.reports import today
from routing import connections, policies, prices
from routing.admin.logged import LoggedAdmin
from routing.capabilities.findings import Findings
from routing.capabilities.records import Records
from routing.models import AdminChange, LocalModelRecord, Threshold
from smartgateway.dashboard.models import ExpectedShare
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import Team
from smartgateway.urls import api_views
from smartgateway.workbench.backtest import running as backtests
from smartgateway.workbench.backtest import views as backtest_pages
from smartgateway.workbench.calibration import pages as calibration_pages
from smartgateway.workbench.calibration import running as calibrations
from smartgateway.workbench.calibration.model import LOST_AFTER, Calibration
from smartgateway.workbench.evidence import pages as evidence_pages
from smartgateway.workbench.playground import pages as playground_pages

LABELLED = b'{"messages": [{"role": "user", "content": "a plan"}], "label_tier": "local"}'
CHANGES_NOTHING = {"workbench:evaluate", "home"}
OF_ITS_OWN_RECORD = {"dashboard:feedback", "dashboard:sign_in", "dashboard:sign_out"}
# Their button leads to a page that keeps its own account
PUBLISHED_ELSEWHERE = {"PolicyVersion"}


@pytest.fixture
def site(db, admin_client, monkeypatch):
    """A published policy, and nobody at work."""
    prices.load_defaults()
    policies.load_defaults()
    policies.forget()
    monkeypatch.setattr(backtest_pages, "run_later", lambda pk: None)
    for pages in (calibration_pages, evidence_pages):
        monkeypatch.setattr(pages, "later", lambda task, **arguments: True)
    yield admin_client
    policies.forget()


# Every page of the admin


def test_every_page_on_which_something_can_be_done_is_a_logged_one(admin_user):
    request = RequestFactory().get("/")
    request.user = admin_user

    silent = {
        model.__name__
        for model, page in admin.site._registry.items()
        if can_do_something(page, request) and not isinstance(page, LoggedAdmin)
    }

    assert silent == PUBLISHED_ELSEWHERE


def can_do_something(page, request):
    return any(page.get_model_perms(request)[name] for name in ("add", "change", "delete")) or bool(buttons_of(page))


def buttons_of(page):
    return {*page.actions_list, *page.actions_row, *page.actions_detail, *page.actions_submit_line, *page.actions}


@pytest.mark.parametrize("name", ["Threshold", "Team", "User", "ExpectedShare"])
def test_what_can_be_edited_is_seen_as_such(admin_user, name):
    request = RequestFactory().get("/")
    request.user = admin_user
    page = next(page for model, page in admin.site._registry.items() if model.__name__ == name)

    assert can_do_something(page, request)


@pytest.mark.parametrize("door", ["log_addition", "log_change", "log_deletions", "response_action", "delete_view"])
def test_no_page_of_the_admin_keeps_its_log_in_another_way(door):
    pages = [type(page) for page in admin.site._registry.values() if isinstance(page, LoggedAdmin)]

    assert [page for page in pages if getattr(page, door) is not getattr(LoggedAdmin, door)] == []


# Every button of the admin


def revoked_key():
    key, _ = issue("laptop")
    return reverse("admin:keys_apikey_changelist"), {"action": "revoke_selected", "_selected_action": [key.pk]}


def removed_texts():
    team = Team.objects.create(name="Search", slug="search")
    action = {"action": "remove_texts_of_selected", "_selected_action": [team.pk]}
    return reverse("admin:keys_team_changelist"), action


def model_to_test():
    Records().noticed({"qwen2.5-coder:14b-instruct"})
    row = LocalModelRecord.objects.get()
    return reverse("admin:routing_localmodelrecord_test_now", args=[row.pk]), {"_form_submitted": "True"}


BUTTONS = {
    ("ApiKey", "revoke_selected"): revoked_key,
    ("Team", "remove_texts_of_selected"): removed_texts,
    ("LocalModelRecord", "test_now"): model_to_test,
}
LEADS_ELSEWHERE = {("PolicyVersion", "publish_draft")}


def test_every_button_of_the_admin_is_tried_here():
    found = {(model.__name__, button) for model, page in admin.site._registry.items() for button in buttons_of(page)}

    assert found == BUTTONS.keys() | LEADS_ELSEWHERE


@pytest.mark.parametrize("button", BUTTONS, ids=" ".join)
def test_a_button_of_the_admin_stays_on_record(site, button, monkeypatch):
    async def found(name, *, patience_seconds):
        return Findings(calls_tools=True)

    monkeypatch.setattr(connections, "test_local_model", found)

    assert_noted(site, *BUTTONS[button]())


def test_what_is_deleted_from_a_list_stays_on_record(site):
    share = ExpectedShare.objects.create(tier="opus", highest=10)
    form = {"action": "delete_selected", "_selected_action": [share.pk], "post": "yes"}

    assert_noted(site, reverse("admin:dashboard_expectedshare_changelist"), form)


def test_an_own_password_that_is_changed_stays_on_record_but_not_what_it_is(site):
    new = {"new_password1": "correct horse 9", "new_password2": "correct horse 9"}

    entry = assert_noted(site, reverse("admin:password_change"), {"old_password": "password", **new})

    assert (entry.name, entry.note, entry.before, entry.after) == ("admin", "Changed their own password.", {}, {})


def test_an_own_password_that_is_refused_is_not_noted(site):
    wrong = {"old_password": "no", "new_password1": "correct horse 9", "new_password2": "correct horse 9"}

    site.post(reverse("admin:password_change"), wrong)

    assert not AdminChange.objects.filter(note__contains="password").exists()


# Every form and button of the dashboard and the workbench


def moved():
    """A draft that differs from the published policy."""
    Threshold.objects.filter(name="named_files").update(value=7)
    return {"note": "why", "seen_digest": policies.digest_of(policies.draft_content())}


def second_version():
    policies.publish(author="ada", **moved())
    return {"newest": 2}


def begun_backtest():
    return backtests.begun(policies.draft_content(), (today(), today()), "ada").pk


def begun_calibration():
    return calibrations.begun("gpt-oss", "mine.jsonl", [{}], "ada").pk


def own_team():
    team = Team.objects.create(name="Search", slug="search")
    team.memberships.create(user=User.objects.get(username="admin"))
    return team.slug


def lost_calibration():
    pk = begun_calibration()
    Calibration.objects.update(state="running", run="dead", beat_at=timezone.now() - LOST_AFTER - timedelta(seconds=9))
    return pk


def at(page, *args, **form):
    return reverse(page, args=args), form


FORMS = {
    "connect": lambda: at("connect", name="laptop", team=own_team()),
    "dashboard:rebuild": lambda: at("dashboard:rebuild", **{"from": today(), "to": today()}),
    "workbench:publish": lambda: at("workbench:publish", **moved()),
    "workbench:roll_back": lambda: at("workbench:roll_back", 1, **second_version()),
    "workbench:reset": lambda: at("workbench:reset", 1, **moved()),
    "workbench:import": lambda: at("workbench:import", text="mode: keyword", load="1"),
    "workbench:load_preset": lambda: at("workbench:load_preset", "cautious"),
    "workbench:playground": lambda: at(
        "workbench:playground", request="hello", send="1", key=issue("laptop")[0].pk, tiers=["local"]
    ),
    "workbench:summarise": lambda: at("workbench:summarise"),
    "workbench:backtest_begin": lambda: at("workbench:backtest_begin", policy="1", period="week"),
    "workbench:backtest_begin_routing": lambda: at("workbench:backtest_begin_routing"),
    "workbench:backtest_stop": lambda: at("workbench:backtest_stop", begun_backtest()),
    "workbench:calibrations": lambda: at(
        "workbench:calibrations", model="gpt-oss", file=SimpleUploadedFile("mine.jsonl", LABELLED)
    ),
    "workbench:calibration_again": lambda: at("workbench:calibration_again", lost_calibration()),
    "workbench:calibration_stop": lambda: at("workbench:calibration_stop", begun_calibration()),
}


def test_every_form_and_button_of_the_pages_is_tried_here():
    found = {name for name, view in pages(get_resolver()) if hasattr(view, "post")}

    assert found == FORMS.keys() | CHANGES_NOTHING | OF_ITS_OWN_RECORD


def pages(resolver, space=""):
    for pattern in resolver.url_patterns:
        if pattern in api_views or getattr(pattern, "app_name", "") == "admin":
            continue
        if hasattr(pattern, "url_patterns"):
            yield from pages(pattern, f"{pattern.namespace}:")
        else:
            yield f"{space}{pattern.name or 'home'}", getattr(pattern.callback, "view_class", None)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_or_button_of_the_pages_stays_on_record(site, name, monkeypatch):
    async def sent(*request):
        return []

    monkeypatch.setattr(playground_pages, "replies", sent)

    assert_noted(site, *FORMS[name]())


def assert_noted(client, address, form):
    """Who did it is said, and nothing of what was asked or of a secret."""
    before = AdminChange.objects.count()

    client.post(address, form)

    entry = AdminChange.objects.filter(author="admin").first()
    assert AdminChange.objects.count() > before
    assert entry is not None
    assert re.findall(r"hello|a plan|sk-sg-[\w-]{20,}|correct horse", str(vars(entry))) == []
    return entry
