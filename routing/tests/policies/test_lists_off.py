"""Lists that are switched off: read as if they were empty, and kept."""

import pytest

from routing import policies
from routing.engine.decide import decide
from routing.models import PhraseList
from routing.policies.shipped import completed
from routing.tests.engine.given import request, surroundings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def first():
    policies.forget()
    yield policies.load_defaults()
    policies.forget()


def switch_off(*names):
    PhraseList.objects.filter(name__in=names).update(is_on=False)


def test_no_rule_finds_a_phrase_of_a_list_that_is_off():
    switch_off("greeting")

    version = policies.publish("No greetings", author="ada")

    before, after = policies.published(1), policies.frozen(version)
    assert decide(request("hello"), before, surroundings()).tier == "local"
    assert decide(request("hello"), after, surroundings()).tier == "sonnet"
    assert after.phrases["greeting"] == {}
    assert "hello" in version.content["phrases"]["greeting"]


def test_a_list_that_is_off_contradicts_none():
    PhraseList.objects.get(name="greeting").fill({"prove": 1.0})
    assert policies.problems(policies.draft_content())

    switch_off("greeting")

    assert list(policies.problems(policies.draft_content())) == []


def test_tags_of_a_list_that_is_off_are_part_of_the_ask():
    switch_off("harness")

    after = policies.frozen(policies.publish("Read reminders too", author="ada"))

    assert after.phrases["harness"] == {}


def test_a_list_that_is_on_again_is_the_old_policy(first):
    switch_off("greeting")
    policies.publish("No greetings", author="ada")
    PhraseList.objects.update(is_on=True)

    version = policies.publish("Greetings again", author="ada")

    assert (version.content, version.digest) == (first.content, first.digest)
    assert policies.draft_changes() == []


def test_a_policy_without_switched_off_lists_says_nothing_of_them(first):
    assert "lists_off" not in first.content
    assert policies.digest_of(policies.draft_content()) == first.digest


def test_rolling_back_switches_a_list_on_again(first):
    switch_off("greeting")
    policies.publish("No greetings", author="ada")

    version = policies.roll_back(1, author="ada")

    assert version.digest == first.digest
    assert PhraseList.objects.get(name="greeting").is_on


def test_what_an_older_version_does_not_know_stays_off(first):
    older = {**first.content, "phrases": {"scope": first.content["phrases"]["scope"]}, "lists_off": ["scope"]}

    content = completed(older, {**first.content, "lists_off": ["greeting"]})

    assert content["lists_off"] == ["greeting", "scope"]


def test_loading_a_version_into_the_draft_loads_its_switches_too(first):
    switch_off("greeting", "scope")
    policies.replace_draft({**first.content, "lists_off": ["housekeeping"]}, "reset", author="ada")

    assert policies.draft_content()["lists_off"] == ["housekeeping"]
