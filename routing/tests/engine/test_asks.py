import pytest

from routing.engine.asks import HALF, MAX_ATTEMPTS, RAW_HALF, Tags, newest_ask, set_apart
from routing.tests.engine.given import CALL, RESULT, assistant, shipped, system, user


def ask_in(*messages):
    turns = [message if isinstance(message, dict) else user(message) for message in messages]
    return newest_ask(turns, shipped())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        pytest.param("fix it", "fix it", id="plain"),
        pytest.param([{"type": "text", "text": "fix it"}], "fix it", id="a text block"),
        pytest.param([{"type": "text", "text": "fix"}, {"type": "text", "text": "it"}], "fix\n\nit", id="text blocks"),
        pytest.param("<system-reminder>be brief</system-reminder>fix it", "fix it", id="a reminder before"),
        pytest.param("fix it\n<system-reminder>x</system-reminder>", "fix it", id="a reminder after"),
        pytest.param("a<env>x</env>b<ENV>y</ENV>c", "abc", id="several"),
        pytest.param('<file_content path="a.py">x</file_content>fix it', "fix it", id="with attributes"),
        pytest.param("<task>fix it</task>\n<environment_details>x</environment_details>", "fix it", id="a task"),
        pytest.param("<user_query>old</user_query> <user_query>fix it</user_query>", "fix it", id="the last wrapped"),
        pytest.param("<task>fix it", "<task>fix it", id="a wrapper that does not close"),
        pytest.param("<task>fix it</task><task></task></task>", "fix it", id="empty and odd wrappers"),
        pytest.param("<env>a <env>b <rules>x</rules>", "<env>a <env>b", id="one that closes behind some that do not"),
        pytest.param("<system-reminder>fix it", "<system-reminder>fix it", id="a reminder that does not close"),
        pytest.param("</env>fix it", "</env>fix it", id="a reminder that does not open"),
        pytest.param("if a < b: fix <b>it</b>", "if a < b: fix <b>it</b>", id="other angle brackets"),
        pytest.param("You are a poet.\n\nfix it", "fix it", id="a persona"),
        pytest.param("You are a poet.", "You are a poet.", id="a persona alone"),
        pytest.param(
            "System: be brief\nUser: old\nAssistant: yes\nUser: fix it\nAssistant:", "fix it", id="transcript"
        ),
        pytest.param("<<SYS>>be brief<</SYS>>\nfix it [/INST]", "fix it", id="llama form"),
        pytest.param("[INST] <<SYS>>be brief<</SYS>>\nfix it\n[/INST]", "fix it", id="llama form with its brackets"),
    ],
)
def test_an_ask_is_what_a_person_wrote(message, words):
    ask = ask_in(message)

    assert (ask.head, ask.tail) == (words, "")
    assert ask.is_newest


@pytest.mark.parametrize(
    ("messages", "words", "is_newest"),
    [
        pytest.param(["old", assistant("yes"), "new"], "new", True, id="the newest"),
        pytest.param(["fix it", CALL, RESULT], "fix it", False, id="before tool results"),
        pytest.param(["fix it", "<env>x</env>"], "fix it", True, id="before a client's message"),
        pytest.param(["fix it", system("be brief")], "fix it", True, id="before a late system message"),
        pytest.param(["fix it", [{"type": "tool_result"}]], "fix it", False, id="before a result block"),
        pytest.param(["fix it", {**user("shown"), "name": "example_user"}], "fix it", True, id="before an example"),
        pytest.param(["fix it", user(None), user(7)], "fix it", True, id="before empty messages"),
        pytest.param(["fix it", ["text", {"type": "text", "text": 1}]], "fix it", True, id="odd blocks"),
    ],
)
def test_the_newest_ask_is_found(messages, words, is_newest):
    ask = ask_in(*messages)

    assert (ask.head, ask.is_newest) == (words, is_newest)


def test_no_ask_is_found_behind_many_messages_of_clients():
    assert ask_in("fix it", *["<env>x</env>"] * MAX_ATTEMPTS).chars == 0


def test_a_conversation_without_users_has_no_ask():
    assert ask_in(system("be brief"), assistant("yes")).chars == 0


def test_a_long_ask_is_read_at_its_start_and_end():
    text = "a" * HALF + "b" * 50_000 + "c" * HALF

    ask = ask_in(text)

    assert (ask.head, ask.tail, ask.chars) == ("a" * HALF, "c" * HALF, len(text))


def test_an_ask_of_middle_length_keeps_its_middle_out():
    ask = ask_in("a" * 5_000 + "b" * 5_000)

    assert (ask.head, ask.tail, ask.chars) == ("a" * HALF, "b" * HALF, 10_000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"<documents>{'x' * 100_000}</documents>\nfix it", id="before it"),
        pytest.param(f"fix it\n<documents>{'x' * 100_000}</documents>", id="after it"),
    ],
)
def test_a_long_client_text_hides_no_ask(text):
    ask = ask_in(text)

    assert (ask.head, ask.chars) == ("fix it", len("fix it"))


def test_only_the_ends_of_a_long_text_are_searched_for_tags():
    text = "a" * RAW_HALF + "<env>x</env>" + "b" * RAW_HALF

    assert ask_in(text).chars == len(text)


def test_more_tags_than_are_looked_at_stay():
    text = "<env></env>" * 300

    kept, is_open = set_apart(text, Tags({"env"}, set(), set(), []))

    assert kept == "<env></env>" * (300 - 128)
    assert not is_open
