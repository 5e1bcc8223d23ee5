import json

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from routing import policies
from routing.calibration import CannotCalibrateError, Sorted
from routing.engine.types import Tier
from smartgateway.workbench.calibration import pages, running
from smartgateway.workbench.calibration.model import Calibration

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:calibrations")
MODEL = "qwen2.5-coder:14b-instruct"
ROW = {"messages": [{"role": "user", "content": "a secret plan"}], "label_tier": "local", "source": "mine"}


def text(response):
    return " ".join(response.content.decode().split())


def upload(client, *lines, model=MODEL, **options):
    content = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return client.post(ADDRESS, {"model": model, "file": SimpleUploadedFile("mine.jsonl", content)}, **options)


def test_a_candidate_is_asked_and_its_result_is_kept_without_the_requests(admin_client):
    page = text(upload(admin_client, ROW, {**ROW, "label_tier": "opus"}, follow=True))

    assert "Agrees with 50.0 % of 2 labels" in page
    kept = Calibration.objects.get()
    assert (kept.author, kept.model, kept.file_name, kept.requests) == ("admin", MODEL, "mine.jsonl", [])
    assert "a secret plan" not in page
    assert "50.0 %" in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([b"{"], "Line 1: "),
        (
            [ROW, {**ROW, "label_tier": "huge"}],
            "Line 2: label_tier is &quot;huge&quot;: it must be local, sonnet or opus",
        ),
        ([b"\xff\xfe"], "Line 1: "),
        ([b"\n\n"], "It holds 0 requests"),
        ([ROW] * 2_001, "It holds 2,001 requests"),
    ],
    ids=["half a line", "no label", "no text", "nothing", "too many"],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(admin_client, lines, reason):
    page = text(upload(admin_client, *lines))

    assert reason in page
    assert not Calibration.objects.exists()


def test_a_file_that_is_too_large_is_not_read(admin_client, monkeypatch):
    monkeypatch.setattr(pages, "MOST_BYTES", 10)

    assert "At most" in text(upload(admin_client, ROW))


def test_what_is_missing_is_said_where_the_result_would_be(admin_client, monkeypatch):
    def refused(rows, policy, model):
        raise CannotCalibrateError("'gtp' is not installed there.")
        yield

    monkeypatch.setattr(running, "calibrated", refused)

    page = text(upload(admin_client, ROW, model="gtp", follow=True))

    assert "is not installed there." in page
    assert Calibration.objects.get().requests == []


def test_one_that_was_cancelled_is_not_finished(monkeypatch):
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.0)
    calibration = running.begun(MODEL, "mine.jsonl", [ROW, ROW], "ada")

    def stopped(rows, policy, model):
        running.stop(calibration)
        yield Sorted(Tier.LOCAL, Tier.LOCAL, "", 5.0)

    monkeypatch.setattr(running, "calibrated", stopped)
    running.run(calibration.pk)

    calibration.refresh_from_db()
    assert (calibration.state, calibration.result, calibration.requests) == ("cancelled", None, [])


def test_one_that_breaks_says_so_and_is_not_begun_again(monkeypatch):
    calibration = running.begun(MODEL, "mine.jsonl", [ROW], "ada")

    def broken(rows, policy, model):
        raise RuntimeError("a secret plan")
        yield

    monkeypatch.setattr(running, "calibrated", broken)

    with pytest.raises(RuntimeError):
        running.run(calibration.pk)
    running.run(calibration.pk)

    calibration.refresh_from_db()
    assert (calibration.state, calibration.problem) == ("failed", "RuntimeError")


def test_progress_comes_alone_where_it_is_asked_for_and_can_be_stopped(admin_client):
    calibration = running.begun(MODEL, "mine.jsonl", [ROW], "ada")
    address = reverse("workbench:calibration", args=[calibration.pk])

    part = text(admin_client.get(address, headers={"HX-Request": "true"}))
    admin_client.post(reverse("workbench:calibration_stop", args=[calibration.pk]))

    assert "<html" not in part
    assert "0 of 1 answered" in part
    assert "It was stopped before its end" in text(admin_client.get(address))


def test_only_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(running, "KEPT", 1)
    for _ in range(3):
        running.run(running.begun(MODEL, "mine.jsonl", [ROW], "ada").pk)

    assert Calibration.objects.count() == 2


def test_where_no_worker_can_be_told_the_page_says_so(admin_client, monkeypatch):
    monkeypatch.setattr(pages, "later", lambda task, **arguments: False)

    assert "Redis cannot be reached" in text(upload(admin_client, ROW, follow=True))


def test_without_a_policy_the_settings_name_the_model(admin_client, monkeypatch):
    def missing():
        raise policies.PolicyMissingError

    monkeypatch.setattr(policies, "current", missing)

    assert f'value="{MODEL}"' in text(admin_client.get(ADDRESS))


def test_only_an_admin_calibrates(client):
    client.force_login(User.objects.create_user("ada"))

    assert client.get(ADDRESS).status_code == 403
    assert upload(client, ROW).status_code == 403
