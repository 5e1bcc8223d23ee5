"""What pages tell of backtests that found nothing, were stopped, or are no longer the newest."""

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.reports import today
from routing import policies
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.states import State

pytestmark = pytest.mark.django_db
BEGIN, PUBLISH = reverse("workbench:backtest_begin"), reverse("workbench:publish")
EXPLAIN = "Explain this function" + ", please" * 20
LONG_AGO = (today() - timedelta(days=300)).isoformat()
EMPTY = {"policy": "draft", "from": LONG_AGO, "to": LONG_AGO}
SHADOW = {"policy": "draft", "shadow": "1"}


def body(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def stop(client, backtest):
    return body(client.post(reverse("workbench:backtest_stop", args=[backtest.pk]), follow=True))


def result(client, backtest):
    return body(client.get(reverse("workbench:backtest_result", args=[backtest.pk])))


def test_the_publish_page_offers_a_backtest_and_shows_that_of_this_very_draft(admin_client, recorded, edit):
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})

    before = body(admin_client.get(PUBLISH))
    admin_client.post(BEGIN, {"policy": "draft"})
    after = body(admin_client.get(PUBLISH))

    assert reverse("workbench:backtest") in before
    assert "Backtest of this draft" not in before
    assert "Backtest of this draft</a>: 1 requests, done" in after
    assert '0 would go elsewhere, 0 are not known; cost <span class="amount">$0.00</span> of $0.00.' in after


def test_a_shadow_of_the_draft_stands_beside_its_backtest_when_it_is_published(admin_client, recorded, edit):
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, {"policy": "draft"})
    admin_client.post(BEGIN, {"policy": "draft", "shadow": "1"})

    page = body(admin_client.get(PUBLISH))

    assert "Backtest of this draft</a>: 1 requests, done" in page
    assert "Shadow of this draft</a>: 0 requests, since" in page


def test_a_run_of_empty_days_does_not_hide_a_full_one_from_who_publishes(admin_client, recorded, edit):
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, {"policy": "draft"})
    admin_client.post(BEGIN, EMPTY)

    page = body(admin_client.get(PUBLISH))

    assert "Backtest of this draft</a>: 1 requests, done" in page
    assert "no requests on its days" not in page


@pytest.mark.parametrize(("state", "done"), [(State.CANCELLED, 1), (State.FAILED, 0), (State.RUNNING, 0)])
def test_a_run_that_is_not_done_does_not_hide_one_that_is(admin_client, recorded, edit, state, done):
    recorded("hello")
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, {"policy": "draft"})
    full = Backtest.objects.get()
    admin_client.post(BEGIN, {"policy": "draft"})
    Backtest.objects.exclude(pk=full.pk).update(state=state, done=done)

    page = body(admin_client.get(PUBLISH))

    assert reverse("workbench:backtest_result", args=[full.pk]) in page


def test_a_run_that_found_no_requests_says_so_where_there_is_no_other(admin_client, published, edit):
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, EMPTY)

    assert "Backtest of this draft</a>: no requests on its days, done" in body(admin_client.get(PUBLISH))
    assert "There were no requests on these days." in result(admin_client, Backtest.objects.get())


def test_a_shadow_that_is_stopped_at_once_says_so(admin_client, published):
    admin_client.post(BEGIN, SHADOW)

    page = stop(admin_client, Backtest.objects.get())

    assert "It was stopped before it had tried a request" in page
    assert "on these days" not in page


def test_a_run_that_is_cancelled_at_once_says_nothing_of_its_days(admin_client, published, monkeypatch):
    monkeypatch.setattr("smartgateway.workbench.backtest.views.run_later", lambda pk: None)
    admin_client.post(BEGIN, {"policy": "draft"})

    page = stop(admin_client, Backtest.objects.get())

    assert "Cancelled" in page
    assert "There were no requests" not in page


def test_a_policy_runs_in_shadow_only_once_at_a_time(admin_client, published, edit):
    admin_client.post(BEGIN, SHADOW)
    again = body(admin_client.post(BEGIN, SHADOW, follow=True))
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, SHADOW)

    assert "runs in shadow already" in again
    assert Backtest.objects.count() == 2


def test_a_shadow_that_was_stopped_may_be_begun_again(admin_client, published):
    admin_client.post(BEGIN, SHADOW)
    stop(admin_client, Backtest.objects.get())
    admin_client.post(BEGIN, SHADOW)

    assert Backtest.objects.unfinished().count() == 1


def test_a_shadow_that_goes_on_is_told_before_one_that_was_stopped(admin_client, published, edit):
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, SHADOW)
    older = Backtest.objects.get()
    stop(admin_client, older)
    admin_client.post(BEGIN, SHADOW)

    page = body(admin_client.get(PUBLISH))

    assert "Shadow of this draft</a>: 0 requests, since" in page


def test_a_backtest_says_its_change_against_the_version_of_then(admin_client, recorded, edit):
    recorded(EXPLAIN)
    edit(threshold={"simple_task_chars": 100})
    admin_client.post(BEGIN, {"policy": "draft"})
    policies.publish("Shorter")

    page = result(admin_client, Backtest.objects.get())

    assert "Against version 1, which was in force then" in page
    assert "Threshold simple_task_chars: 3,000 → 100" in page
