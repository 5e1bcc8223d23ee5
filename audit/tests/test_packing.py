from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.models import RoutingDecision
from audit.models.fields import digest_bytes
from audit.models.packing import DICTIONARIES, packed, unpacked
from audit.tests.doubles import decision

WRITTEN_WITH = ["27670d6d"]


@given(st.binary(max_size=300))
def test_whatever_is_packed_comes_out_again(value):
    assert unpacked(packed(value)) == value


@pytest.mark.parametrize("value", [b"", b"\x01", b"\x01\x02", b"[]", b"x" * 100_000, bytes(range(256)) * 20])
def test_also_what_is_empty_or_looks_packed_or_is_long(value):
    assert unpacked(packed(value)) == value


def test_what_was_stored_before_is_read_as_it_is():
    assert unpacked(b'[["simple_task",1,2,0.5,"LOCAL",true]]') == b'[["simple_task",1,2,0.5,"LOCAL",true]]'


def test_reasons_take_a_third_of_their_room():
    value = b'[["deep_reasoning",4,2.0,1.25,"CLAUDE",true],["opus_score",1.0,0.5,0.5,"CLAUDE",true]]'

    assert len(packed(value)) < len(value) / 3


def test_no_dictionary_is_ever_changed():
    """Rows were written with them: add a better one behind."""
    assert [sha256(each).hexdigest()[:8] for each in DICTIONARIES] == WRITTEN_WITH


@pytest.mark.parametrize("session", ["", "ab" * 16, "my session", "AB" * 16, "exactly 16 bytes", "ä" * 8, "ab" * 8])
@pytest.mark.django_db
def test_a_session_is_stored_as_a_digest_or_as_it_is(processes, ship, session):
    processes().record(decision(session_id=session))
    ship()

    assert RoutingDecision.objects.get(session_id=session).session_id == session


def test_a_digest_takes_half_the_room_of_its_hex():
    assert len(digest_bytes("ab" * 16)) == 16
