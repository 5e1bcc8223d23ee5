import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from audit.reports import today
from routing import policies
from smartgateway.workbench.backtest import running, views
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.states import State
from smartgateway.workbench.tasks import run_backtest_task

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:backtest")
BEGIN = reverse("workbench:backtest_begin")
PREVIEW = reverse("workbench:backtest_preview")
EXPLAIN = "Explain this function" + ", please" * 20


def body(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_backtest_is_begun_and_read_on_its_page(admin_client, recorded, edit):
    recorded(EXPLAIN)
    edit(threshold={"simple_task_chars": 100})

    page = body(admin_client.post(BEGIN, {"policy": "draft", "period": "week"}, follow=True))

    assert "The draft on" in page
    assert "1 of 1 requests" in page
    assert "No longer simple task" in page
    assert "Review and publish" in page


def test_each_team_has_its_coverage_and_its_calls_to_the_classifier(admin_client, recorded, edit):
    recorded(EXPLAIN, team_id=1, team_name="Payments")
    recorded("hello", team_id=2, team_name="Search")
    edit(threshold={"simple_task_chars": 100})

    page = body(admin_client.post(BEGIN, {"policy": "draft", "period": "week"}, follow=True))

    teams = page.partition('aria-label="Teams"')[2]
    payments, search = teams.partition("Search</a></th>")[0], teams.partition("Search</a></th>")[2]
    assert '0 %<span class="note">was 100 %</span>' in payments
    assert '100 %<span class="note">was 100 %</span>' in search
    assert '0<span class="note">was 0</span>' in search


def test_teams_and_movers_lead_to_their_decisions_of_these_days(admin_client, recorded, edit):
    recorded(EXPLAIN, team_id=3, team_name="Payments", key_id=4)
    edit(threshold={"simple_task_chars": 100})
    days = {"from": today().isoformat(), "to": today().isoformat()}

    page = body(admin_client.post(BEGIN, {"policy": "draft", **days}, follow=True))

    when = f"from={today()}&amp;to={today()}"
    decisions = reverse("dashboard:decisions")
    assert f'<a href="{decisions}?team=3&amp;{when}"' in page
    assert f'<a href="{decisions}?key=4&amp;tier=local&amp;{when}"' in page


def test_a_published_version_is_tried_on_chosen_days(admin_client, recorded):
    recorded("hello")

    admin_client.post(BEGIN, {"policy": "1", "from": today().isoformat(), "to": today().isoformat()})

    backtest = Backtest.objects.get()
    assert (backtest.version, backtest.first_day, backtest.last_day) == (1, today(), today())
    assert backtest.state == State.DONE


def test_an_unknown_version_is_not_there(admin_client, published):
    assert admin_client.post(BEGIN, {"policy": "99"}).status_code == 404


def test_a_broken_draft_is_not_tried(admin_client, published, edit):
    edit(phrases={"simple_task": {"refactor": 1}, "multi_file": {"refactor": 1}})

    answer = admin_client.post(BEGIN, {"policy": "draft"})

    assert "mend it first" in body(answer)
    assert not Backtest.objects.exists()
    assert "must be mended" in body(admin_client.get(ADDRESS))
    assert "cannot be tried" in body(admin_client.get(PREVIEW))


def test_the_preview_tries_the_newest_requests_at_once(admin_client, recorded, edit):
    recorded(EXPLAIN)
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})

    page = body(admin_client.get(PREVIEW))

    assert "1 of 2 requests" in page


def test_the_preview_stops_when_its_time_is_over(admin_client, recorded, monkeypatch):
    monkeypatch.setattr(views, "PREVIEW_SECONDS", -1)
    monkeypatch.setattr(views, "PREVIEW_STEP", 1)
    recorded("hello")
    recorded("hello")

    assert "The newest 1 requests, as many as could be tried at once" in body(admin_client.get(PREVIEW))


def test_a_preview_of_nothing_says_so(admin_client, published):
    assert "No requests are recorded yet" in body(admin_client.get(PREVIEW))


def test_while_it_runs_the_page_asks_for_its_progress(admin_client, published):
    backtest = running.begun(policies.draft_content(), (today(), today()), "ada")
    Backtest.objects.filter(pk=backtest.pk).update(state=State.RUNNING, total=10, done=4)
    address = reverse("workbench:backtest_result", args=[backtest.pk])

    part = body(admin_client.get(address, headers={"hx-request": "true"}))

    assert 'hx-trigger="every 1s"' in part
    assert '<progress max="10" value="4">' in part
    assert "<html" not in part


def test_it_is_cancelled_by_a_button(admin_client, published):
    backtest = running.begun(policies.draft_content(), (today(), today()), "ada")

    page = body(admin_client.post(reverse("workbench:backtest_stop", args=[backtest.pk]), follow=True))

    assert "Cancelled" in page
    assert 'hx-trigger="every' not in page


def test_a_shadow_is_begun_listed_and_stopped(admin_client, published):
    page = body(admin_client.post(BEGIN, {"policy": "draft", "shadow": "1"}, follow=True))
    shadow = Backtest.objects.get()

    assert "The draft in shadow since" in page
    assert (shadow.is_shadow, shadow.state) == (True, State.WAITING)
    assert 'aria-label="In shadow"' in body(admin_client.get(ADDRESS))
    admin_client.post(reverse("workbench:backtest_stop", args=[shadow.pk]))
    assert 'aria-label="In shadow"' not in body(admin_client.get(ADDRESS))


def test_without_a_broker_it_waits_for_beat(admin_client, published, monkeypatch):
    def away(**kwargs):
        raise OperationalError("connection refused")

    monkeypatch.setattr(run_backtest_task, "delay", away)

    page = body(admin_client.post(BEGIN, {"policy": "draft"}, follow=True))

    assert "Waiting for a worker" in page


def test_new_phrases_lead_to_where_text_is_switched_on(admin_client, recorded, edit):
    recorded("Explain our frobnication")
    edit(phrases={"multi_file": {"frobnication": 1}})

    page = body(admin_client.post(BEGIN, {"policy": "draft"}, follow=True))

    assert "New phrases" in page
    assert "1 could go more than one way: new phrases" in page
    assert reverse("admin:keys_team_changelist") in page


def test_what_an_earlier_release_found_is_shown_with_its_reasons_of_then(admin_client, recorded, edit):
    recorded("Explain our frobnication")
    edit(phrases={"multi_file": {"frobnication": 1}})
    admin_client.post(BEGIN, {"policy": "draft"})
    backtest = Backtest.objects.get()
    backtest.sums["doubts"] = {"more phrases than recorded": 1}
    backtest.save()

    page = body(admin_client.get(reverse("workbench:backtest_result", args=[backtest.pk])))

    assert "More phrases than recorded" in page


@pytest.mark.parametrize("address", [reverse("workbench:backtest_result", args=[99])])
def test_what_is_not_there_is_not_found(admin_client, published, address):
    assert admin_client.get(address).status_code == 404


def test_a_draft_that_changed_since_says_so(admin_client, recorded, edit):
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, {"policy": "draft"})
    edit(threshold={"simple_task_chars": 101})

    page = body(admin_client.get(reverse("workbench:backtest_result", args=[Backtest.objects.get().pk])))

    assert "The draft was changed since" in page
