"""Torn, damaged, foreign and refused records: kept aside or repaired, and nothing else suffers."""

import os
from uuid import UUID

import pytest

from audit.models import RoutingDecision
from audit.tests.doubles import decision

pytestmark = pytest.mark.django_db


def test_a_torn_last_frame_is_kept_aside_and_all_before_it_shipped(processes, ship, tmp_path):
    process = processes()
    process.record(decision(), decision())
    process.die()
    (journal,) = tmp_path.glob("*.journal")
    os.truncate(journal, len(journal.read_bytes().rstrip(b"\0")) - 7)

    ship()

    assert RoutingDecision.objects.count() == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".torn"]


def test_damage_in_the_middle_is_kept_aside_loudly_and_the_rest_shipped(processes, ship, tmp_path, caplog):
    process = processes()
    process.record(decision(), decision(), decision())
    process.die()
    (journal,) = tmp_path.glob("*.journal")
    data = bytearray(journal.read_bytes())
    data[len(data.rstrip(b"\0")) // 2] ^= 0xFF
    journal.write_bytes(data)

    ship()

    assert sorted(RoutingDecision.objects.values_list("sequence", flat=True)) == [1, 3]
    assert [path.suffix for path in tmp_path.iterdir()] == [".corrupt"]
    assert "are no record" in caplog.text


def test_a_file_without_its_head_is_shipped_under_the_writer_that_its_name_tells(processes, ship, tmp_path):
    process = processes()
    process.record(decision())
    process.die()
    (journal,) = tmp_path.glob("*.journal")
    data = bytearray(journal.read_bytes())
    data[0] ^= 0xFF
    journal.write_bytes(data)

    ship()

    assert RoutingDecision.objects.get().writer.uuid == UUID(bytes=process.journal.writer_id)


def test_a_record_that_the_database_refuses_is_repaired_and_its_neighbours_are_untouched(processes, ship):
    bad = decision(tier="gigantic", end_user="x\x00y" + "z" * 300, classifier_input_tokens=-5)
    processes().record(decision(), bad, decision())

    ship()

    row = RoutingDecision.objects.get(pk=UUID(bytes=bad.id))
    assert (row.tier, row.classifier_input_tokens, len(row.end_user)) == ("", 0, 200)
    assert RoutingDecision.objects.count() == 3


def test_a_record_that_cannot_be_repaired_is_kept_aside_and_does_not_stop_the_others(processes, ship, tmp_path):
    processes().record(decision(team_id=2**63), decision())

    ship()

    assert RoutingDecision.objects.count() == 1
    assert [path.name.split(".")[-2:] for path in tmp_path.glob("*.rejected")] == [["1", "rejected"]]


def test_a_second_record_of_the_same_id_does_not_replace_the_first(processes, ship):
    made = decision()
    process = processes()
    process.record(made, decision(id=made.id, team_name="forged"))

    ship()

    assert RoutingDecision.objects.get().team_name == "platform"


def test_files_that_are_no_journals_are_left_alone(ship, tmp_path):
    (tmp_path / "notes.journal").write_text("mine")

    ship()

    assert (tmp_path / "notes.journal").exists()
