"""Phrases in the form of their list, as a browser sends it."""

import pytest

from routing.models import Phrase, PhraseList
from routing.tests.admin.pages import page, text
from tests.forms import sent_by

pytestmark = pytest.mark.usefixtures("bootstrapped")


@pytest.fixture
def save(admin_client):
    """Fills in the form of a list and sends it."""

    def fill_in(name, **typed):
        address = page(PhraseList, "change", PhraseList.objects.get(name=name).pk)
        return admin_client.post(address, {**sent_by(admin_client.get(address), "_save"), **typed}, follow=True)

    return fill_in


def weights(name):
    return dict(Phrase.objects.filter(phrase_list__name=name).values_list("text", "weight"))


def test_a_known_phrase_keeps_its_weight_and_a_new_one_takes_the_usual_one_unless_one_is_written(save):
    PhraseList.objects.get(name="scope").phrases.all().delete()
    PhraseList.objects.get(name="scope").fill({"audit": 0.15, "roadmap": 0.4, "migration": 0.15, "fleet": 0.3})

    save("scope", paste="AUDIT\nｒｏａｄｍａｐ\nmigration | 2\nevery region\nend to end | 0.7")

    assert weights("scope") == {
        "audit": 0.15,
        "roadmap": 0.4,
        "migration": 2.0,
        "fleet": 0.3,
        "every region": 0.15,
        "end to end": 0.7,
    }


def test_a_new_phrase_of_an_empty_list_weighs_one(save):
    PhraseList.objects.get(name="scope").phrases.all().delete()

    save("scope", paste="every region")

    assert weights("scope") == {"every region": 1.0}


def test_a_weight_that_is_written_once_holds_for_its_phrase_wherever_it_stands_in_what_is_pasted(save):
    save("scope", paste="every region | 0.7\nevery region")

    assert weights("scope")["every region"] == 0.7


def test_what_is_taken_away_and_pasted_at_once_is_there(save):
    row = Phrase.objects.get(phrase_list__name="scope", text="roadmap")
    usual = PhraseList.objects.get(name="scope").usual_weight
    place = list(PhraseList.objects.get(name="scope").phrases.order_by("phrase_list", "text")).index(row)

    save("scope", paste="roadmap", **{f"phrases-{place}-DELETE": "on"})

    assert weights("scope")["roadmap"] == usual


@pytest.mark.parametrize("way", ["paste", "row"])
@pytest.mark.parametrize(
    ("name", "phrase", "message"),
    [
        pytest.param(
            "simple_task", "threat model", "is also in Deep reasoning as &#x27;threat model*&#x27;", id="a star"
        ),
        pytest.param(
            "deep_reasoning", "ＥＸＰＬＡＩＮ*", "is also in Simple tasks as &#x27;explain&#x27;", id="a width"
        ),
        pytest.param("scope", "re\u200bname", "holds a character that nobody sees (U+200B)", id="a hidden character"),
        pytest.param("harness", "Task", "which says the opposite", id="a tag that is both"),
        pytest.param("scope", "\u200b", "holds nothing that could be found", id="a space without a width"),
        pytest.param("scope", "\u3164", "holds nothing that could be found", id="a letter that shows as nothing"),
        pytest.param("harness", "<foo>", "is no tag&#x27;s name", id="a tag with its brackets"),
        pytest.param("harness", "a b", "is no tag&#x27;s name", id="a tag with a space"),
        pytest.param("ask_tag", "system reminder", "is no tag&#x27;s name", id="a tag in two words"),
        pytest.param("ask_tag", "task*", "is no tag&#x27;s name", id="a tag with a star"),
    ],
)
def test_what_can_never_be_found_or_says_the_opposite_is_refused_with_the_reason(save, way, name, phrase, message):
    before = weights(name)

    answer = save(name, **({"paste": phrase} if way == "paste" else {"phrases-0-text": phrase}))

    assert message in text(answer)
    assert weights(name) == before


def test_a_phrase_that_finds_the_same_as_another_row_is_refused_with_it(save):
    PhraseList.objects.get(name="scope").fill({"reconcile the ledger": 0.3})
    before = weights("scope")

    answer = save("scope", **{"phrases-0-text": "ＲＥＣＯＮＣＩＬＥ the ledger"})

    assert "finds the same as &#x27;reconcile the ledger&#x27;, which is in this list." in text(answer)
    assert weights("scope") == before


def test_so_is_one_that_finds_the_same_as_a_row_of_another_page_of_the_list(save):
    beyond = Phrase.objects.filter(phrase_list__name="deep_reasoning", text__contains=" ").order_by("text").last().text
    before = weights("deep_reasoning")

    answer = save("deep_reasoning", **{"phrases-0-text": beyond.replace(" ", "\u3000")})

    assert "finds the same as" in text(answer)
    assert weights("deep_reasoning") == before


def test_a_row_may_be_spelled_in_another_way(save):
    PhraseList.objects.get(name="scope").phrases.all().delete()
    PhraseList.objects.get(name="scope").fill({"roadmap": 0.4})

    save("scope", **{"phrases-0-text": "Ｒoadmap"})

    assert weights("scope") == {"Ｒoadmap": 0.4}


def test_the_history_of_a_list_says_what_was_changed(save, admin_client):
    save("scope", paste="every region | 0.7")

    history = admin_client.get(page(PhraseList, "history", PhraseList.objects.get(name="scope").pk))

    assert "every region: nothing → 0.7" in text(history)
    assert "Add many" not in text(history)


def test_who_is_warned_is_told_what_changed_in_words(save, admin_client, bob):
    address = page(PhraseList, "change", PhraseList.objects.get(name="scope").pk)
    opened = sent_by(bob.get(address), "_save")
    save("scope", paste="every region | 0.7")

    warned = bob.post(address, {**opened, "paste": "end to end"})

    assert "(every region: nothing → 0.7)" in text(warned)
