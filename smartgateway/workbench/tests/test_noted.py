"""Who began and ended what a worker does."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.reports import today
from routing.models import AdminChange
from smartgateway.workbench.backtest import views
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.calibration import pages, running
from smartgateway.workbench.calibration.model import LOST_AFTER, Calibration

pytestmark = pytest.mark.django_db
ROW = b'{"messages": [{"role": "user", "content": "a secret plan"}], "label_tier": "local"}'


@pytest.fixture(autouse=True)
def _nobody_at_work(first, monkeypatch):
    monkeypatch.setattr(views, "run_later", lambda pk: None)
    monkeypatch.setattr(pages, "later", lambda task, **arguments: True)


def noted(subject):
    return list(AdminChange.objects.filter(subject=subject).values_list("author", "action", "before", "after"))


def test_a_backtest_that_is_begun_and_cancelled_is_noted(admin_client):
    day = today().isoformat()
    admin_client.post(reverse("workbench:backtest_begin"), {"policy": "1", "from": day, "to": day})
    admin_client.post(reverse("workbench:backtest_stop", args=[Backtest.objects.get().pk]))

    assert noted("backtest") == [
        ("admin", "changed", {"state": "waiting"}, {"state": "cancelled"}),
        ("admin", "added", {}, {"policy": "Version 1", "first_day": day, "last_day": day}),
    ]


def test_a_shadow_that_is_begun_and_stopped_is_noted(admin_client):
    admin_client.post(reverse("workbench:backtest_begin"), {"policy": "draft", "shadow": "on"})
    admin_client.post(reverse("workbench:backtest_stop", args=[Backtest.objects.get().pk]))

    stopped, begun = noted("backtest")
    assert begun[3]["last_day"] == "in shadow, until it is stopped"
    assert stopped[3] == {"state": "done"}


def test_stopping_what_is_over_is_not_noted(admin_client):
    admin_client.post(reverse("workbench:backtest_begin_routing"))
    for _ in range(2):
        admin_client.post(reverse("workbench:backtest_stop", args=[Backtest.objects.get().pk]))

    assert len(noted("backtest")) == 2


def test_a_calibration_that_is_begun_and_cancelled_is_noted_without_its_requests(admin_client):
    form = {"model": "gpt-oss", "file": SimpleUploadedFile("mine.jsonl", ROW)}
    admin_client.post(reverse("workbench:calibrations"), form)
    admin_client.post(reverse("workbench:calibration_stop", args=[Calibration.objects.get().pk]))

    assert noted("calibration") == [
        ("admin", "changed", {"state": "waiting"}, {"state": "cancelled"}),
        ("admin", "added", {}, {"model": "gpt-oss", "file": "mine.jsonl", "requests": 1}),
    ]


def test_a_calibration_that_is_started_again_is_noted(admin_client):
    calibration = running.begun("gpt-oss", "mine.jsonl", [{}], "ada")
    lost_at = timezone.now() - LOST_AFTER
    Calibration.objects.filter(pk=calibration.pk).update(state="running", run="dead", beat_at=lost_at)

    admin_client.post(reverse("workbench:calibration_again", args=[calibration.pk]))

    assert noted("calibration") == [("admin", "changed", {"state": "running"}, {"state": "waiting"})]
