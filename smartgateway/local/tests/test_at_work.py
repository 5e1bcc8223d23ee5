from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.models import ReportDay, Writer
from smartgateway.local import at_work
from smartgateway.local.box import State

NOW = timezone.now


@pytest.fixture
def answer(monkeypatch):
    """What each address answers: a response, or nothing."""

    def set_answers(**replies):
        def get(url, **_):
            reply = next((reply for word, reply in replies.items() if word in url), None)
            if reply is None:
                raise httpx.ConnectError("refused")
            return reply

        monkeypatch.setattr(httpx, "get", get)

    return set_answers


@pytest.fixture
def ping(monkeypatch):
    """Who answers to a ping of the workers."""

    def set_ping(answers):
        def answer(**_):
            if isinstance(answers, Exception):
                raise answers
            return answers

        monkeypatch.setattr(at_work.app.control, "ping", answer)

    return set_ping


def ready(*troubles, status=200):
    return httpx.Response(status, json={"status": "any", "troubles": troubles})


@pytest.mark.parametrize(
    ("replies", "is_well", "words"),
    [
        pytest.param({"127.0.0.1": ready()}, True, "answers at http://127.0.0.1:8000", id="well"),
        pytest.param({"127.0.0.1": ready("the disk is full", status=503)}, False, "the disk is full", id="trouble"),
        pytest.param({"127.0.0.1": httpx.Response(404)}, False, "is not the gateway (status 404)", id="another server"),
        pytest.param({"127.0.0.1": httpx.Response(200, json=[])}, False, "is not the gateway", id="other words"),
        pytest.param({"example": ready()}, True, "answers at https://gateway.example.com", id="elsewhere"),
        pytest.param({}, None, "nothing answers at http://127.0.0.1:8000 or https://gateway", id="nowhere"),
    ],
)
def test_the_gateway_is_asked_here_and_else_at_its_public_address(settings, answer, replies, is_well, words):
    settings.HOST, settings.PORT = "127.0.0.1", 8000
    settings.PUBLIC_URL = "https://gateway.example.com"
    answer(**replies)

    state = at_work.web()

    assert (state.is_well, words in state.words) == (is_well, True), state


def writer(seen_at, **values):
    return Writer.objects.create(uuid=uuid4(), host="box", pid=1, started_at=NOW(), seen_at=seen_at, **values)


@pytest.mark.django_db
@pytest.mark.parametrize(("is_running", "is_well"), [(True, False), (False, None)])
def test_a_shipper_that_looks_no_more_is_not_well_where_the_gateway_runs(is_running, is_well):
    writer(NOW())
    writer(NOW() - timedelta(minutes=6))

    state = at_work.shipper(is_running)

    assert (state.is_well, "journals of box since" in state.words) == (is_well, True)


@pytest.mark.django_db
def test_a_shipper_that_looks_is_well_whatever_was_long_ago():
    writer(NOW() - timedelta(days=6), finished_at=NOW())
    writer(NOW())

    assert at_work.shipper(True).words == "looked at the journals of 1 serving process just now"


@pytest.mark.django_db
@pytest.mark.parametrize(("is_running", "is_well"), [(True, False), (False, None)])
def test_a_gateway_that_runs_has_a_shipper(is_running, is_well):
    assert at_work.shipper(is_running).is_well is is_well


@pytest.mark.parametrize(
    ("answers", "is_running", "is_well", "words"),
    [
        pytest.param([{"one": "pong"}], True, True, "answers", id="one"),
        pytest.param([{"one": "pong"}, {"two": "pong"}], True, True, "2 answer", id="two"),
        pytest.param([], True, False, "none answers", id="none"),
        pytest.param([], False, None, "none answers", id="nothing runs"),
        pytest.param(OperationalError("refused"), True, False, "see Redis above", id="no Redis"),
    ],
)
def test_workers_are_asked(settings, ping, answers, is_running, is_well, words):
    settings.REDIS_URL = "redis://somewhere"
    ping(answers)

    state = at_work.worker(is_running)

    assert (state.is_well, words in state.words) == (is_well, True), state


def test_without_redis_no_worker_is_needed(settings):
    settings.REDIS_URL = ""

    assert at_work.worker(True).is_well is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "is_running", "is_well"),
    [(1, True, True), (6, True, False), (6, False, None), (None, True, None), (None, False, None)],
)
def test_reports_that_are_not_built_any_more_are_named(minutes, is_running, is_well):
    if minutes is not None:
        ReportDay.objects.create(day="2026-10-05", worked_at=NOW() - timedelta(minutes=minutes))

    assert at_work.reports(is_running).is_well is is_well


def test_without_the_database_one_sentence_says_so(answer, monkeypatch):
    def fail(is_running):
        raise DatabaseError

    monkeypatch.setattr(at_work, "shipper", fail)
    answer()

    _, state = at_work.processes()

    assert state == State("Shipper", False, "cannot be looked at, see the database above")
