from dataclasses import replace
from uuid import uuid4

import msgspec
import pytest
from django.utils import timezone

from audit.models import PromptText
from routing.engine.asks import HALF
from smartgateway.completions import path
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.texts import storable

REMINDER = "<system-reminder>Never say this</system-reminder>"


@pytest.fixture
def recorded(world):
    """Sends messages and gives what the decision holds of their text."""

    async def send(*messages, is_on=True, **body):
        key = replace(world.key, is_record_text_on=is_on)
        await path.complete(Ask(key, "chat", {"messages": messages, "model": "auto", **body}, Options(), False))
        return world.record.decisions[-1].text

    return send


def user(text):
    return {"role": "user", "content": text}


async def test_the_newest_words_of_a_person_are_kept_without_what_the_client_wrote(recorded):
    text = await recorded(user("Hello"), {"role": "assistant", "content": "Hi"}, user(f"{REMINDER}What is a closure?"))

    assert (text.head, text.tail, text.chars, text.is_newest) == ("What is a closure?", "", 18, True)


async def test_of_a_turn_that_brings_a_tools_result_the_ask_before_it_is_kept(recorded):
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    text = await recorded(
        user("Look at the tests"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a secret of the house"},
    )

    assert (text.head, text.is_newest) == ("Look at the tests", False)


async def test_a_long_ask_is_kept_at_both_ends_with_its_length(recorded):
    whole = "".join(f"line {number}\n" for number in range(5_000)).strip()

    text = await recorded(user(whole))

    assert (text.head, text.tail) == (whole[:HALF], whole[-HALF:])
    assert text.chars == len(whole)


async def test_a_tiers_name_before_the_ask_is_kept_as_it_was_said(recorded):
    text = await recorded(user("@opus What is a closure?"))

    assert text.head == "@opus What is a closure?"


async def test_characters_that_no_database_takes_are_replaced_one_by_one(recorded):
    text = await recorded(user("nul \0 and half \ud83d a pair, what is that?"))

    assert text.head == "nul \ufffd and half ? a pair, what is that?"
    assert msgspec.msgpack.encode(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["nul \0", "half \ud83d a pair"])
def test_the_database_takes_what_stands_for_them(text):
    kept = storable(text)

    PromptText.objects.create(
        decision_id=uuid4(), recorded_at=timezone.now(), team_id=1, chars=9, is_newest=True, head=kept, tail=kept
    )

    assert PromptText.objects.values_list("head", "tail").get() == (kept, kept)


async def test_with_the_switch_off_a_decision_holds_no_text(recorded, world):
    assert await recorded(user("What is zqtold?"), is_on=False) is None
    assert b"zqtold" not in msgspec.msgpack.encode((world.record.decisions, world.record.outcomes))


async def test_where_nobody_said_anything_there_is_no_text(recorded):
    assert await recorded({"role": "system", "content": "You are terse."}) is None
