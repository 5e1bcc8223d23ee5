"""Phrases pasted into a list."""

import pytest

from routing.models import Phrase, PhraseList
from routing.tests.admin.pages import beside, page, phrase_form, text

pytestmark = pytest.mark.usefixtures("bootstrapped")


@pytest.mark.parametrize("name", ["scope", "deep_reasoning"], ids=["a short list", "a list of several pages"])
def test_many_phrases_are_pasted_at_once(admin_client, name):
    phrase_list = PhraseList.objects.get(name=name)
    phrase_list.fill({"end to end": 1.0})
    before = phrase_list.phrases.count()
    paste = "whole  fleet | 1\n\nend to end | 0.5\n  every region|0.25"

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, paste))

    weights = dict(phrase_list.phrases.values_list("text", "weight"))
    assert answer.status_code == 302
    assert (weights["whole fleet"], weights["end to end"], weights["every region"]) == (1.0, 0.5, 0.25)
    assert len(weights) == before + 2


@pytest.mark.parametrize(
    ("paste", "message"),
    [
        pytest.param("fine\nwrong | heavy", "Line 2: &#x27;heavy&#x27; is no weight.", id="no number"),
        pytest.param("wrong | 11", "Line 1: Use a weight above 0 and at most 10.", id="too heavy"),
        pytest.param("wrong | nan", "Line 1: Use a weight above 0 and at most 10.", id="not a number"),
        pytest.param("wrong | " + "x" * 900, f"Line 1: &#x27;{'x' * 40}…&#x27; is no weight.", id="a long weight"),
        pytest.param("x" * 201, "Line 1: Ensure this value has at most 200 characters", id="too long"),
        pytest.param("| 2", "Line 1: This field cannot be blank.", id="no phrase"),
        pytest.param("fine\n*", "Line 2: The phrase &#x27;*&#x27; holds nothing", id="only a star"),
        pytest.param("a\n" * 2_001, "2,001 lines: paste at most 2,000 at once.", id="too many lines"),
        pytest.param("\n".join("a" * n for n in range(1, 20)), "at most 7", id="phrases that end in one another"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_added(admin_client, paste, message):
    phrase_list = PhraseList.objects.get(name="scope")
    before = Phrase.objects.count()

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, paste))

    assert message in text(answer)
    assert Phrase.objects.count() == before


@pytest.mark.parametrize(
    "huge",
    [
        pytest.param("x" * 10_000_000, id="one phrase"),
        pytest.param("wrong | " + "x" * 9_999_992, id="one weight"),
        pytest.param("x\n" * 4_999_999 + "xx", id="many lines"),
    ],
)
def test_a_paste_of_ten_megabytes_is_refused_beside_its_field_in_few_words(admin_client, huge):
    phrase_list = PhraseList.objects.get(name="scope")
    before = Phrase.objects.count()

    answer = admin_client.post(page(PhraseList, "change", phrase_list.pk), phrase_form(phrase_list, huge))

    assert beside(answer, "paste") == ["10,000,000 characters: paste at most 500,000 at once."]
    assert Phrase.objects.count() == before
