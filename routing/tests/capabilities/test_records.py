from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from routing.capabilities.findings import Findings
from routing.capabilities.records import Records
from routing.models import LocalModelRecord

pytestmark = pytest.mark.django_db
FOUND = Findings(calls_tools=True, vision=False, thinking=True, context_loaded=16_384, gpu_share=0.5)
records = Records()


def test_every_model_of_the_server_has_a_row_and_no_other():
    records.noticed({"a:7b", "b:7b"})
    records.noticed({"b:7b", "c:7b"})

    assert list(LocalModelRecord.objects.values_list("name", flat=True)) == ["b:7b", "c:7b"]


def test_what_was_found_out_is_known_of_these_weights_only():
    records.noticed({"a:7b"})

    records.keep("a:7b", "digest-1", FOUND)

    assert records.known("a:7b", "digest-1") == FOUND
    assert records.known("a:7b", "digest-2") is None


def test_a_model_is_tested_by_one_process_at_a_time():
    assert records.claim("a:7b", "digest-1")
    assert not records.claim("a:7b", "digest-1")
    assert not records.claim("a:7b", "digest-1", is_asked_for=True)


def test_a_claim_that_was_given_back_or_forgotten_can_be_taken():
    records.claim("a:7b", "digest-1")
    records.give_back("a:7b")
    after_giving_back = records.claim("a:7b", "digest-1")
    LocalModelRecord.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    assert after_giving_back
    assert records.claim("a:7b", "digest-1")


def test_what_is_known_is_tested_again_only_when_asked_for_or_when_the_weights_changed():
    records.noticed({"a:7b"})
    records.keep("a:7b", "digest-1", FOUND)

    assert not records.claim("a:7b", "digest-1")
    assert records.claim("a:7b", "digest-1", is_asked_for=True)
    records.give_back("a:7b")
    assert records.claim("a:7b", "digest-2")


def test_a_test_that_failed_is_known_to_nobody_and_repeated_after_a_while():
    records.noticed({"a:7b"})
    records.keep("a:7b", "digest-1", Findings(error="it is away " * 100))
    at_once = records.claim("a:7b", "digest-1")
    LocalModelRecord.objects.update(tested_at=timezone.now() - timedelta(seconds=61))

    assert not at_once
    assert records.known("a:7b", "digest-1") is None
    assert records.claim("a:7b", "digest-1")


def test_a_share_is_between_nothing_and_all():
    with pytest.raises(IntegrityError):
        LocalModelRecord.objects.create(name="a:7b", gpu_share=1.5)
