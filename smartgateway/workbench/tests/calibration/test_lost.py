"""A calibration whose worker died."""

import pytest
from django.urls import reverse
from django.utils import timezone

from routing.calibration import Sorted
from routing.engine.types import Tier
from smartgateway.workbench.calibration import pages, running
from smartgateway.workbench.calibration.model import KEPT_UNFINISHED, LOST_AFTER, Calibration
from smartgateway.workbench.tasks import forget_abandoned_calibrations_task

pytestmark = pytest.mark.django_db
ROWS = [{"messages": [{"role": "user", "content": "a secret plan"}], "label_tier": "local"}] * 2


def text(response):
    return " ".join(response.content.decode().split())


def page_of(calibration, name="calibration"):
    return reverse(f"workbench:{name}", args=[calibration.pk])


def silent_since(calibration, age):
    Calibration.objects.filter(pk=calibration.pk).update(beat_at=timezone.now() - age)
    calibration.refresh_from_db()


@pytest.fixture
def left(monkeypatch, judge):
    """Its worker was killed after one of two answers: nothing is tidied up."""
    calibration = running.begun("gpt-oss", "mine.jsonl", ROWS, "ada")
    with monkeypatch.context() as patched:
        patched.setattr(running, "BEAT_SECONDS", 0.0)
        patched.setattr(running, "calibrated", killed)
        with pytest.raises(SystemExit):
            running.run(calibration.pk)
    calibration.refresh_from_db()
    return calibration


def killed(rows, policy, model):
    yield Sorted(Tier.LOCAL, Tier.LOCAL, "", 5.0)
    raise SystemExit


def test_one_whose_worker_is_silent_for_minutes_says_that_it_failed(admin_client, left):
    silent_since(left, LOST_AFTER)

    page = text(admin_client.get(page_of(left)))

    assert "<h2>Failed</h2>" in page
    assert "no sign of life for minutes, after 1 of 2 answers" in page
    assert "hx-get" not in page
    assert "<td>Failed</td>" in text(admin_client.get(reverse("workbench:calibrations")))


def test_one_whose_worker_spoke_just_now_goes_on(admin_client, left):
    page = text(admin_client.get(page_of(left)))

    assert "1 of 2 answered" in page
    assert "Start again" not in page


def test_one_that_was_left_is_started_again_from_its_first_request(admin_client, left):
    silent_since(left, LOST_AFTER)

    page = text(admin_client.post(page_of(left, "calibration_again"), follow=True))

    left.refresh_from_db()
    assert "Agrees with 100.0 % of 2 labels" in page
    assert (left.state, left.done, left.requests) == ("done", 2, [])


def test_one_that_is_at_work_is_not_started_again(admin_client, left):
    admin_client.post(page_of(left, "calibration_again"))

    left.refresh_from_db()
    assert (left.state, left.done) == ("running", 1)


def test_a_worker_that_was_taken_for_dead_does_not_end_what_another_took(monkeypatch):
    calibration = running.begun("gpt-oss", "mine.jsonl", ROWS, "ada")

    def slept(rows, policy, model):
        Calibration.objects.filter(pk=calibration.pk).update(run="another")
        yield Sorted(Tier.LOCAL, Tier.LOCAL, "", 5.0)

    monkeypatch.setattr(running, "calibrated", slept)
    running.run(calibration.pk)

    calibration.refresh_from_db()
    assert (calibration.state, calibration.run, calibration.requests) == ("running", "another", ROWS)


def test_one_that_no_worker_took_says_so_and_can_be_started_again(admin_client):
    calibration = running.begun("gpt-oss", "mine.jsonl", ROWS, "ada")
    silent_since(calibration, LOST_AFTER)

    before = text(admin_client.get(page_of(calibration)))
    after = text(admin_client.post(page_of(calibration, "calibration_again"), follow=True))

    assert "No worker has taken it for minutes." in before
    assert "Agrees with 100.0 % of 2 labels" in after


def test_where_no_worker_can_be_told_of_starting_again_the_page_says_so(admin_client, left, monkeypatch):
    silent_since(left, LOST_AFTER)
    monkeypatch.setattr(pages, "later", lambda task, **arguments: False)

    page = text(admin_client.post(page_of(left, "calibration_again"), follow=True))

    assert "Redis cannot be reached" in page


def test_what_is_left_for_a_day_has_failed_and_forgets_its_requests(admin_client, left):
    silent_since(left, KEPT_UNFINISHED)

    forget_abandoned_calibrations_task()

    left.refresh_from_db()
    assert (left.state, left.requests) == ("failed", [])
    assert "No worker took it to its end within a day." in text(admin_client.get(page_of(left)))


def test_what_can_still_be_started_again_keeps_its_requests(left):
    silent_since(left, LOST_AFTER)

    forget_abandoned_calibrations_task()

    left.refresh_from_db()
    assert left.requests == ROWS


def test_one_that_was_left_makes_room_like_one_that_is_over(left, monkeypatch):
    monkeypatch.setattr(running, "KEPT", 0)
    silent_since(left, LOST_AFTER)

    newest = running.begun("gpt-oss", "mine.jsonl", ROWS, "ada")

    assert list(Calibration.objects.all()) == [newest]
