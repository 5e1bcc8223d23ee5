import pytest

from routing.sessions import can_continue, session_key

SYSTEM = {"role": "system", "content": "You are a coding agent."}
OPENING = [SYSTEM, {"role": "user", "content": "rename this variable"}]
LATER = [*OPENING, {"role": "assistant", "content": "done"}, {"role": "user", "content": "and this one"}]
LONG = "reminder " * 1_000


def test_later_turns_carry_the_key_of_the_opening():
    assert session_key("", 1, LATER) == session_key("", 1, OPENING)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([SYSTEM, {"role": "user", "content": "another ask"}], id="another first ask"),
        pytest.param([{"role": "user", "content": "rename this variable"}], id="no system prompt"),
        pytest.param([SYSTEM, {"role": "user", "content": [{"type": "text", "text": "?"}]}], id="parts"),
        pytest.param([], id="nothing"),
    ],
)
def test_other_openings_have_other_keys(messages):
    assert session_key("", 1, messages) != session_key("", 1, OPENING)


def test_the_ask_behind_a_long_reminder_tells_conversations_apart():
    one, other = ([{"role": "user", "content": LONG + ask}] for ask in ("fix a", "fix b"))

    assert session_key("", 1, one) != session_key("", 1, other)


def test_the_clients_own_id_names_the_session_whatever_was_said():
    assert session_key("abc", 1, OPENING) == session_key("abc", 1, [SYSTEM])
    assert session_key("abc", 1, OPENING) != session_key("abd", 1, OPENING)


def test_teams_never_share_a_session():
    assert session_key("abc", 1, OPENING) != session_key("abc", 2, OPENING)
    assert session_key("", 1, OPENING) != session_key("", 2, OPENING)


def test_another_secret_gives_another_key(settings):
    before = session_key("abc", 1, OPENING)

    settings.SECRET_KEY = "another-secret"

    assert session_key("abc", 1, OPENING) != before


@pytest.mark.parametrize("content", [None, 3, [3, None, {"type": "image_url"}, {"text": 5}], "\ud800"])
def test_odd_content_has_a_key_too(content):
    assert len(session_key("", 1, [{"role": "user", "content": content}])) == 32


@pytest.mark.parametrize(
    ("header", "messages", "expected"),
    [
        pytest.param("", OPENING, False, id="an opening has no past"),
        pytest.param("", LATER, True, id="an answer was given"),
        pytest.param("abc", OPENING, True, id="the client names a session"),
    ],
)
def test_only_a_conversation_with_a_past_can_continue(header, messages, expected):
    assert can_continue(header, messages) is expected
