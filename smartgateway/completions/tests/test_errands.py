from dataclasses import replace

import pytest

from routing import connections
from routing.engine.types import Phase, Tier
from routing.providers.base import Answer
from routing.slots import LocalSlots
from smartgateway.completions import errands
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask, Lane, Options
from smartgateway.completions.tests.fakes import FakeProvider, Plain, finish

BODY = {"prompt": "a", "suffix": "b", "messages": [{"role": "user", "content": "a"}]}


class Helpful(FakeProvider):
    """Fills in and embeds as well."""

    async def fill(self, call):
        return await self.stream(call)

    async def embed(self, call):
        account = self._begin(call)
        finish(account)
        return Answer(account, {"data": []})


@pytest.fixture
def helpful(world, monkeypatch):
    world.local = world.providers["local"] = Helpful("local", world.log)
    monkeypatch.setattr(errands, "FILL", replace(errands.FILL, model="coder", lane=Lane(LocalSlots(1), 0)))
    return world


def ask(world, **options):
    return Ask(key=world.key, face="completions", body=BODY, options=Options(**options), is_stream=False)


async def test_a_fill_is_recorded_before_and_after_its_call(helpful):
    answered = await errands.fill(ask(helpful), "ab")

    assert answered.answer.completion["choices"][0]["message"]["content"] == "Hello"
    assert helpful.log == ["decided", "call local coder", "settled"]
    decision, outcome = helpful.record.decisions[0], helpful.record.outcomes[0]
    assert (decision.face, decision.phase, decision.is_housekeeping) == ("completions", Phase.HEURISTIC, True)
    assert (outcome.status, outcome.served_model) == ("answered", "coder")


async def test_autocompletion_is_worth_no_more_than_haikus_price(helpful):
    await errands.fill(ask(helpful), "ab")

    outcome = helpful.record.outcomes[0]
    assert float(outcome.baseline_requested) == 0.0000019  # 19 of Claude's tokens at 0.1 dollars a million
    assert outcome.baseline_requested == outcome.baseline_sonnet == outcome.baseline_opus


async def test_autocompletion_by_a_local_model_that_was_named_saves_nothing(helpful):
    await errands.fill(replace(ask(helpful), body=BODY | {"model": "coder"}), "ab")

    decision, outcome = helpful.record.decisions[0], helpful.record.outcomes[0]
    assert decision.phase == Phase.EXPLICIT
    assert float(outcome.baseline_requested) == float(outcome.cost) == 0
    assert float(outcome.baseline_sonnet) == 0.0000019


async def test_chats_that_hold_every_local_slot_keep_no_editor_waiting(helpful, monkeypatch):
    monkeypatch.setattr(connections, "local_slots", LocalSlots(0))

    answered = await errands.fill(ask(helpful), "ab")

    assert answered.exchange.served.model == "coder"


async def test_a_full_lane_says_when_to_try_again_and_is_recorded(helpful):
    await errands.FILL.lane.slots.acquire(0)

    with pytest.raises(GatewayError) as caught:
        await errands.fill(ask(helpful), "ab")

    assert (caught.value.status, caught.value.code) == (503, "no_capacity")
    assert caught.value.retry_after
    assert helpful.record.outcomes[0].error_type == "no_capacity"


async def test_every_way_out_gives_the_slot_back(helpful):
    streaming = await errands.fill_streamed(ask(helpful), "ab", Plain())
    taken = errands.FILL.lane.slots.in_flight

    await anext(streaming.events)
    await streaming.events.aclose()

    assert (taken, errands.FILL.lane.slots.in_flight) == (1, 0)


async def test_nothing_else_serves_when_the_local_model_cannot(helpful):
    helpful.providers.pop("local")

    with pytest.raises(GatewayError) as caught:
        await errands.fill(ask(helpful), "ab")

    assert (caught.value.status, caught.value.code) == (503, "tier_not_configured")
    assert helpful.anthropic.calls == []


@pytest.mark.parametrize(
    "options", [{"provider": "anthropic"}, {"tier": "opus"}, {"tier": "haiku"}, {"min_tier": Tier.SONNET}]
)
async def test_a_wish_for_claude_is_a_contradiction(helpful, options):
    with pytest.raises(GatewayError) as caught:
        await errands.fill(ask(helpful, **options), "ab")

    assert (caught.value.status, caught.value.code) == (400, "contradictory_choice")


async def test_without_a_model_for_it_autocompletion_says_which_variable_to_set(helpful, monkeypatch):
    monkeypatch.setattr(errands, "FILL", replace(errands.FILL, model=""))

    with pytest.raises(GatewayError, match="LOCAL_FIM_MODEL") as caught:
        await errands.fill(ask(helpful), "ab")

    assert (caught.value.status, caught.value.should_retry) == (503, False)


async def test_a_provider_that_only_chats_says_so(world):
    with pytest.raises(GatewayError, match="only chats"):
        await errands.embed(ask(world), "ab")
