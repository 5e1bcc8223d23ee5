import shlex

from smartgateway.local import looks
from smartgateway.local.box import Bootstrapped, State, box
from smartgateway.local.states import states
from smartgateway.local.surroundings import Found

URL = "http://127.0.0.1:8000"
FIRST = Bootstrapped("admin", "a-password", "sk-sg-abcdefghij", "sk-sg-abcd…ghij")
LATER = Bootstrapped("admin", key_shown="sk-sg-abcd…ghij")


def shown(made=FIRST, found=Found()):  # noqa: B008 - frozen
    return box(URL, ".venv/bin/python", made, states(found))


def test_the_first_start_shows_key_and_password_once():
    text = shown(FIRST)

    assert "sk-sg-abcdefghij  (shown only now" in text
    assert "as admin, password a-password  (shown only now)" in text
    assert "export KEY=sk-sg-abcdefghij" in text


def test_a_later_start_shows_the_prefix_and_how_to_make_another_key():
    text = shown(LATER)

    assert "sk-sg-abcd…ghij  (another: .venv/bin/python manage.py create_api_key NAME)" in text
    assert "password" not in text


def test_the_commands_can_be_copied_as_they_stand():
    commands = [line.strip() for line in shown().splitlines() if line.strip().startswith("curl")]

    assert len(commands) == 3
    assert all(shlex.split(command)[0] == "curl" for command in commands)
    assert all("Authorization: Bearer $KEY" in shlex.split(command) for command in commands)
    assert all(command.count(URL) == 1 for command in commands)


def test_it_has_the_lines_for_claude_code_and_cursor():
    assert f"ANTHROPIC_BASE_URL={URL} ANTHROPIC_AUTH_TOKEN=$KEY" in shown()
    assert f"Override OpenAI Base URL {URL}/v1" in shown()


def test_it_says_where_other_clients_are_set_up():
    assert f"{URL}/connect/" in shown()


def test_a_gateway_without_a_key_says_what_to_set():
    assert "○ Claude       the tiers sonnet and opus are off" in shown()
    assert "→ set ANTHROPIC_API_KEY in .env" in shown()


def test_without_any_local_model_it_says_what_to_install():
    assert "✗ Local model  there is none" in shown()
    assert "→ install Ollama (ollama.com), then ollama pull qwen2.5-coder:14b-instruct" in shown()


def test_a_configured_local_server_that_is_away_gets_no_tick(settings, monkeypatch):
    settings.LOCAL_LLM_BASE_URL = "http://127.0.0.1:9"

    text = shown()

    assert "✗ Local model  the local model server cannot be reached" in text
    assert "→ start the server at http://127.0.0.1:9, or change LOCAL_LLM_BASE_URL" in text


def test_a_configured_gateway_needs_no_next_step(settings, monkeypatch):
    settings.LOCAL_LLM_BASE_URL = "http://models:8000"
    for name in ("local_model", "claude", "redis"):
        monkeypatch.setattr(looks, name, lambda seconds, name=name: State(name, True, "answers"))
    postgresql = {"ENGINE": "django.db.backends.postgresql", "NAME": "gateway", "HOST": "db"}
    monkeypatch.setitem(settings.DATABASES, "default", postgresql)

    text = "\n".join(line for state in states(Found()) for line in state.lines())

    assert "→" not in text
    assert text.count("✓") == 4
