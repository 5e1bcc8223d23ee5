"""Durability in the database: calls return after the commit."""

import asyncio

import pytest

from audit import recording
from audit.journal import Commits
from audit.recording import Recorder
from audit.tests.doubles import decision, outcome
from audit.tests.journals import sequences_in


async def test_in_database_durability_a_call_returns_after_the_commit(tmp_path):
    recorder = Recorder(tmp_path, max_bytes=1 << 20, waits_for_commit=True)
    await recorder.start()
    waiting = asyncio.create_task(recorder.decided(decision()))
    await asyncio.sleep(0.05)
    assert not waiting.done()

    (tmp_path / f"{recorder.journal.writer_id.hex()}.shipped").write_bytes((1).to_bytes(8, "little"))
    await asyncio.wait_for(waiting, 5)

    await recorder.close()


async def test_a_database_that_stays_away_refuses_who_waits_and_then_new_requests_until_it_is_back(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("audit.journal.commits.TIMEOUT_SECONDS", 0.02)
    recorder = Recorder(tmp_path, max_bytes=1 << 20, waits_for_commit=True)
    await recorder.start()
    with pytest.raises(recording.AuditUnavailableError, match="in time"):
        await recorder.decided(decision())
    with pytest.raises(recording.AuditUnavailableError, match="at the moment"):
        await recorder.decided(decision())
    monkeypatch.setattr("audit.journal.commits.TIMEOUT_SECONDS", 5)

    (tmp_path / f"{recorder.journal.writer_id.hex()}.shipped").write_bytes((1).to_bytes(8, "little"))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(recorder.decided(decision()))
    await asyncio.sleep(0.05)
    (tmp_path / f"{recorder.journal.writer_id.hex()}.shipped").write_bytes((2).to_bytes(8, "little"))

    await asyncio.wait_for(waiting, 5)
    await recorder.close()


async def test_what_the_database_did_not_take_in_time_is_kept_and_its_end_waits_for_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("audit.journal.commits.TIMEOUT_SECONDS", 0.02)
    recorder, made = Recorder(tmp_path, max_bytes=1 << 20, waits_for_commit=True), decision()
    await recorder.start()

    with pytest.raises(recording.AuditUnavailableError) as caught:
        await recorder.decided(made)
    recorder.left(outcome(made))
    await recorder.close()

    assert caught.value.is_kept
    assert sequences_in(tmp_path) == [1, 2]


async def test_waiters_are_woken_in_order_up_to_what_is_shipped(tmp_path):
    loop = asyncio.get_running_loop()
    commits = Commits(tmp_path / "x.shipped", loop)
    waiters = [loop.create_future() for _ in range(3)]
    for sequence, waiter in enumerate(waiters, start=1):
        commits.wait(sequence, waiter)

    (tmp_path / "x.shipped").write_bytes((2).to_bytes(8, "little"))
    await asyncio.wait_for(waiters[1], 5)

    assert [waiter.done() for waiter in waiters] == [True, True, False]
    commits.close()


async def test_who_waits_for_the_database_when_the_process_ends_is_told(tmp_path):
    loop = asyncio.get_running_loop()
    commits, waiter = Commits(tmp_path / "x.shipped", loop), loop.create_future()
    commits.wait(1, waiter)

    commits.close()

    with pytest.raises(recording.AuditUnavailableError):
        await asyncio.wait_for(waiter, 1)
