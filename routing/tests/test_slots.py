import asyncio

import pytest

from routing.slots import LocalSlots


async def test_a_free_slot_is_had_at_once():
    slots = LocalSlots(1)

    assert await slots.acquire(0)
    assert not slots.has_free


async def test_without_a_free_slot_the_wait_ends_in_time():
    slots = LocalSlots(1)
    await slots.acquire(0)

    assert not await slots.acquire(0)
    assert not await slots.acquire(0.01)
    slots.release()
    assert slots.has_free


async def test_who_waits_longest_gets_the_slot_that_falls_free():
    slots = LocalSlots(1)
    order = []

    async def use(name):
        assert await slots.acquire(5)
        order.append(name)
        slots.release()

    await slots.acquire(0)
    users = [asyncio.create_task(use(name)) for name in "abc"]
    await asyncio.sleep(0)
    slots.release()
    await asyncio.gather(*users)

    assert order == ["a", "b", "c"]
    assert slots.in_flight == 0


@pytest.mark.parametrize("is_released_first", [False, True])
async def test_who_gives_up_waiting_keeps_no_slot(is_released_first):
    slots = LocalSlots(1)
    await slots.acquire(0)
    waiting = asyncio.create_task(slots.acquire(5))
    await asyncio.sleep(0)

    if is_released_first:
        slots.release()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not is_released_first:
        slots.release()

    assert slots.in_flight == 0
