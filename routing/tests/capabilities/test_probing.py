"""A model tested over Ollama's double, by several processes that share what they find."""

import asyncio

import httpx
import pytest
from django.db import OperationalError

from routing.capabilities import findings
from routing.capabilities.findings import Findings
from routing.capabilities.ollama import OllamaScout
from routing.capabilities.probing import Alone, Prober
from routing.engine.types import Usage
from routing.providers.base import Account, Stream
from routing.providers.http import Upstream
from routing.providers.ollama import Ollama
from routing.slots import LocalSlots
from tests.doubles.ollama import OllamaDouble, Script

NAME = "qwen:7b"


class Teller(Script):
    """Says the same whatever it is asked."""

    def __init__(self, answer):
        self.answer = answer

    async def reply(self, request, messages):
        yield self.answer


class Shared(Alone):
    """A database in small."""

    def __init__(self):
        self.kept, self.claims, self.names = {}, set(), frozenset()

    def noticed(self, names):
        self.names = names

    def known(self, name, digest):
        return self.kept.get((name, digest))

    def claim(self, name, digest, *, is_asked_for=False):
        is_free = name not in self.claims
        self.claims.add(name)
        return is_free

    def keep(self, name, digest, findings):
        self.kept[name, digest] = findings
        self.claims.discard(name)

    def give_back(self, name):
        self.claims.discard(name)


class Away(Alone):
    def known(self, *given, **named):
        raise OperationalError("the database is away")

    claim = noticed = known


async def process(double, shared, slots=None):
    """A scout and a prober as each serving process has them."""
    upstream = Upstream(httpx.ASGITransport(double), "http://ollama.test", label="the local model server", headers={})
    scout = OllamaScout(upstream, num_ctx=4096)
    provider = Ollama(upstream, num_ctx=4096, keep_alive="5m", thinks=scout.thinks, sees=scout.sees)
    await scout.look(NAME)
    return Prober(provider, scout, slots or LocalSlots(2), shared), scout


@pytest.fixture
def double():
    return OllamaDouble(models={NAME: ("completion", "tools", "thinking")})


def asked(double):
    return len(double.requests)


async def test_a_test_finds_out_what_the_model_can(double):
    prober, _ = await process(double, Shared())

    found = await prober.test_now(NAME)

    assert (found.calls_tools, found.vision, found.thinking) == (False, False, True)
    assert (found.context_loaded, found.context_max, found.gpu_share) == (4096, 8192, 0.0)
    assert found.error == ""
    assert not [seen["complaint"] for seen in double.requests if seen["complaint"]]


@pytest.mark.parametrize(("answer", "sees"), [("It is Red.", True), ("I see no picture.", False)])
async def test_a_model_sees_when_it_can_tell_the_colour_of_a_picture(answer, sees):
    double = OllamaDouble(Teller(answer), {NAME: ("completion", "vision")})
    prober, scout = await process(double, Shared())

    found = await prober.test_now(NAME)
    told = await scout.describe(NAME, await scout.look(NAME))

    assert found.vision is told.vision is scout.sees(NAME) is sees


async def test_a_model_is_tested_again_whatever_was_found_before():
    double = OllamaDouble(Teller("Blue?"), {NAME: ("completion", "vision")})
    prober, _ = await process(double, Shared())
    before = await prober.test_now(NAME)
    double.engine.answer = "Red"

    again = await prober.test_now(NAME)

    assert (before.vision, again.vision) == (False, True)


async def test_until_it_is_tested_a_model_sees_what_is_said_of_it():
    for able, sees in ((("completion", "vision"), True), (("completion",), False)):
        _, scout = await process(OllamaDouble(models={NAME: able}), Shared())

        assert (await scout.describe(NAME, await scout.look(NAME))).vision is sees


async def test_one_process_tests_and_the_others_learn(double):
    shared = Shared()
    processes = [await process(double, shared) for _ in range(4)]

    await asyncio.gather(*(prober.see_to(NAME, frozenset({NAME})) for prober, _ in processes))
    asked_by_then = asked(double)
    for prober, _ in processes:
        await prober.see_to(NAME, frozenset({NAME}))

    assert asked(double) == asked_by_then == 2
    assert {scout.found(NAME) for _, scout in processes} == {shared.kept[NAME, f"sha256:{NAME}"]}
    assert shared.names == {NAME}


async def test_a_model_without_a_free_slot_waits_for_its_test(double):
    slots = LocalSlots(1)
    prober, _ = await process(double, Shared(), slots)
    await slots.acquire(0)

    await prober.see_to(NAME, frozenset())
    asked_while_busy = asked(double)
    slots.release()
    await prober.see_to(NAME, frozenset())

    assert (asked_while_busy, asked(double)) == (0, 2)


async def test_while_the_database_is_away_nothing_is_tested(double):
    prober, scout = await process(double, Away())

    await prober.see_to(NAME, frozenset({NAME}))

    assert asked(double) == 0
    assert scout.found(NAME) is None


async def test_a_server_that_is_away_is_the_finding(double):
    def refuse(request):
        raise httpx.ConnectError("refused")

    upstream = Upstream(httpx.MockTransport(refuse), "http://away.test", label="the local model server", headers={})
    scout = OllamaScout(upstream, num_ctx=4096)
    prober = Prober(Ollama(upstream, num_ctx=4096, keep_alive="5m"), scout, LocalSlots(1), Shared())

    found = await prober.test_now(NAME)

    assert found == Findings(error="the local model server cannot be reached")


async def test_a_test_that_is_broken_off_gives_its_claim_and_slot_back(double):
    shared, slots, begun = Shared(), LocalSlots(1), asyncio.Event()
    prober, scout = await process(double, shared, slots)

    async def endless(provider, name):
        begun.set()
        await asyncio.Event().wait()

    scout.probe = endless
    testing = asyncio.create_task(prober.see_to(NAME, frozenset()))
    await asyncio.wait_for(begun.wait(), 30)
    testing.cancel()
    await asyncio.wait({testing})

    assert shared.claims == set()
    assert slots.in_flight == 0


async def test_the_speed_is_what_is_said_after_the_first_token(monkeypatch):
    ticks = iter([10.0, 10.5, 12.0])
    monkeypatch.setattr(findings.time, "perf_counter", lambda: next(ticks))

    assert await findings.tokens_per_second(Speaker(chunks=3, tokens=41), NAME) == 20.0


async def test_what_comes_all_at_once_has_no_speed(monkeypatch):
    monkeypatch.setattr(findings.time, "perf_counter", lambda: 10.0)

    assert await findings.tokens_per_second(Speaker(chunks=3, tokens=41), NAME) is None


class Speaker:
    def __init__(self, chunks, tokens):
        self.chunks, self.tokens = chunks, tokens

    async def stream(self, call):
        return Stream(Account(usage=Usage(output_tokens=self.tokens)), self.speech())

    async def speech(self):
        for _ in range(self.chunks):
            yield {}
