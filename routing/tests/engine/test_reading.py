"""What is kept for policies with fewer phrases and tags: all that was found, and how the ask reads otherwise."""

from routing.engine.counting import found_in_ask, found_in_system
from routing.engine.reading import HARNESS
from routing.engine.types import phrase_id
from routing.tests.engine.given import CALL, RESULT, measured, system, user


def test_what_made_text_material_is_kept_with_the_request():
    assert measured("Translate to French: our harbour").introduced_by == (phrase_id("translate"),)
    assert measured("Our harbour: translate it").introduced_by == ()


def test_every_phrase_is_kept_that_does_not_count():
    within = measured("a security audit")
    aside = measured("Generate a title for it.\n\nuser: prove the theorem in all files")

    assert phrase_id("audit") in of_ask(within)["deep_reasoning"]
    assert phrase_id("audit") not in within.hits["deep_reasoning"]
    assert phrase_id("prove") in of_ask(aside)["deep_reasoning"]
    assert set(aside.hits) == {"housekeeping"}


def of_ask(features):
    return found_in_ask(features.in_ask, features.hits)


def test_what_stands_in_the_system_prompt_is_kept_apart_from_the_ask():
    features = measured(system("Generate a title for the conversation"), "Generate a title for it")

    of_system = found_in_system(features.in_system, features.hits)
    assert len(of_ask(features)["housekeeping"]) == 1
    assert len(of_system["housekeeping"]) == 2


def test_the_tags_that_were_met_are_kept_with_the_request():
    features = measured("<env>prove it</env>rename <b>it</b>")

    assert features.tags == (phrase_id("env"),)
    assert [other.without for other in features.otherwise] == [HARNESS]


def test_an_ask_without_tags_and_introductions_has_one_reading():
    assert measured("rename <b>it</b>").otherwise == ()


def test_texts_of_one_message_have_other_readings_than_the_same_ones_of_two():
    together = measured(user([{"type": "text", "text": "<env>prove it</env>"}, {"type": "text", "text": "hello"}]))
    apart = measured("hello", "<env>prove it</env>")

    assert [other.ask_chars for other in together.otherwise] == [len("<env>prove it</env>") + len("hello")]
    assert [other.ask_chars for other in apart.otherwise] == [len("<env>prove it</env>")]


def test_an_ask_that_comes_again_has_the_same_other_readings():
    first = measured("<env>prove it</env>rename it")
    again = measured("<env>prove it</env>rename it", CALL, RESULT)
    other = measured("<env>explain</env>rename it")

    assert first.otherwise == again.otherwise != other.otherwise
