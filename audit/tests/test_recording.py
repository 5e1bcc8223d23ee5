"""What the door to the record promises: kept when the call returns, however many come at once."""

import asyncio
import errno

import pytest

from audit import recording
from audit.ids import new_id
from audit.recording import Recorder
from audit.tests.doubles import FaultyFiles, decision, outcome, refusal
from audit.tests.journals import entries_in, heads_in, sequences_in


@pytest.fixture
async def door(settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path / "journal"
    await recording.start()
    yield settings.AUDIT_JOURNAL_DIR
    await recording.close()


def records_in(directory):
    return [record for sequence, record in entries_in(directory) if sequence]


async def test_a_decision_and_its_outcome_are_in_the_journal_when_the_calls_return(door):
    made = decision()

    await recording.decided(made)
    came = outcome(made)
    await recording.settled(came)

    assert records_in(door) == [made, came]


async def test_many_requests_at_once_are_all_recorded(door):
    await asyncio.gather(*[recording.decided(decision()) for _ in range(200)])

    assert sequences_in(door) == list(range(1, 201))


async def test_few_open_requests_wait_for_no_company(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "GATHER_SECONDS", 3_600)
    recorder = Recorder(tmp_path, max_bytes=1 << 20)
    await recorder.start()
    made = decision()

    async with asyncio.timeout(60):
        await recorder.decided(made)
        await recorder.settled(outcome(made))
        await recorder.decided(decision())

    await recorder.close()
    assert sequences_in(tmp_path) == [1, 2, 3]


async def test_records_of_a_busy_moment_share_a_sync(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "GATHER_SECONDS", 1.0)
    files = FaultyFiles()
    recorder = Recorder(tmp_path, max_bytes=1 << 20, files=files)
    await recorder.start()
    await asyncio.gather(*[recorder.decided(decision()) for _ in range(recording.COMPANY)])
    before = files.calls["fdatasync"]

    async with asyncio.TaskGroup() as arriving:
        for _ in range(50):
            arriving.create_task(recorder.decided(decision()))
            await asyncio.sleep(0)  # each in a turn of the loop of its own

    assert files.calls["fdatasync"] - before <= 2
    await recorder.close()


async def test_what_waits_for_company_is_kept_when_the_record_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "GATHER_SECONDS", 3_600)
    recorder = Recorder(tmp_path, max_bytes=1 << 20)
    await recorder.start()
    await asyncio.gather(*[recorder.decided(decision()) for _ in range(recording.COMPANY)])
    waiting = asyncio.create_task(recorder.decided(decision()))
    await asyncio.sleep(0)

    await recorder.close()

    await waiting
    assert len(sequences_in(tmp_path)) == recording.COMPANY + 1


async def test_without_an_open_journal_nothing_passes():
    with pytest.raises(recording.AuditUnavailableError):
        await recording.decided(decision())


async def test_a_failing_disk_is_an_error_for_the_caller_and_the_next_file_names_what_was_given_up(tmp_path):
    files = FaultyFiles()
    recorder = Recorder(tmp_path, max_bytes=1 << 20, files=files)
    await recorder.start()
    files.fail("fdatasync", errno.EIO)

    with pytest.raises(recording.AuditUnavailableError):
        await recorder.decided(decision())
    await recorder.close()

    assert heads_in(tmp_path)[-1].voided == [(1, 1)]


async def test_a_full_directory_refuses_new_requests_but_takes_the_outcomes_of_running_ones(tmp_path):
    recorder = Recorder(tmp_path, max_bytes=1 << 20)
    await recorder.start()
    running = decision()
    await recorder.decided(running)
    recorder.journal.is_full = True

    with pytest.raises(recording.AuditUnavailableError):
        await recorder.decided(decision())
    await recorder.keep(outcome(running))

    assert sequences_in(tmp_path) == [1, 2]
    await recorder.close()


async def test_a_cancelled_caller_does_not_disturb_the_others(door):
    abandoned = asyncio.create_task(recording.decided(decision()))
    kept = asyncio.create_task(recording.decided(decision()))
    await asyncio.sleep(0)

    abandoned.cancel()
    await kept

    assert sequences_in(door) == [1, 2]


async def test_a_cancelled_caller_learns_of_it_once_its_record_is_kept(tmp_path):
    files = FaultyFiles()
    recorder = Recorder(tmp_path, max_bytes=1 << 20, files=files)
    await recorder.start()
    files.may_sync.clear()
    leaving = asyncio.create_task(recorder.decided(decision()))
    await asyncio.sleep(0.01)

    leaving.cancel()
    done, _ = await asyncio.wait({leaving}, timeout=0.05)
    files.may_sync.set()

    assert not done
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await recorder.close()
    assert sequences_in(tmp_path) == [1]


async def test_a_cancelled_caller_whose_record_is_not_kept_is_told_so(tmp_path, monkeypatch):
    files = FaultyFiles()
    recorder = Recorder(tmp_path, max_bytes=1 << 20, files=files)
    await recorder.start()
    files.may_sync.clear()

    def fail_in_the_end(descriptor):
        files.may_sync.wait()
        raise OSError(errno.EIO, "as asked for")

    monkeypatch.setattr(files, "fdatasync", fail_in_the_end)
    leaving = asyncio.create_task(recorder.decided(decision()))
    await asyncio.sleep(0.01)

    leaving.cancel()
    files.may_sync.set()

    with pytest.raises(recording.AuditUnavailableError):
        await leaving
    await recorder.close()


async def test_refusals_above_sixty_a_minute_are_only_counted_and_the_next_recorded_one_says_how_many(door):
    for _ in range(100):
        recording.refused(refusal(created_at=120.0))
    recording.refused(refusal(created_at=120.0, key_id=9))
    recording.refused(refusal(created_at=180.0))
    await recording.decided(decision())

    counts = [(record.key_id, record.unrecorded_before) for record in records_in(door)[:-1]]
    assert counts == [(2, 0)] * 60 + [(9, 0), (2, 40)]


def test_ids_rise_and_are_of_version_seven():
    ids = [new_id() for _ in range(5000)]

    assert ids == sorted(set(ids))
    assert {made[6] >> 4 for made in ids} == {7}
    assert {made[8] >> 6 for made in ids} == {2}
