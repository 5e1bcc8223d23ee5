import threading

import httpx
import pytest

from routing import clients
from smartgateway.local import looks, ollama, valkey
from smartgateway.local.box import State

REFUSED = httpx.ConnectError("connection refused")
MODELS = {"data": [{"id": "claude-sonnet-5-5"}, {"id": "claude-opus-5-5"}]}


def tags(*names):
    rows = [{"name": name, "size": 1, "details": {}} for name in names]
    return httpx.Response(200, json={"models": rows, "version": "0.33.0"})


@pytest.fixture
def upstream(monkeypatch):
    """What every upstream answers: a response, or an error."""

    def set_answer(reply):
        def handler(request):
            if isinstance(reply, Exception):
                raise reply
            return reply

        monkeypatch.setattr(clients, "transport", lambda url: httpx.MockTransport(handler))

    return set_answer


@pytest.fixture
def _configured(settings):
    settings.LOCAL_LLM_BASE_URL = "http://models:11434"
    settings.LOCAL_LLM_KIND = "ollama"
    settings.LOCAL_LLM_DEFAULT_MODEL = "qwen"
    settings.LOCAL_LLM_API_KEY = "a-local-key"


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize(
    ("reply", "is_well", "words", "next_step"),
    [
        pytest.param(tags("qwen:latest"), True, "qwen:latest at http://models:11434", "", id="well"),
        pytest.param(tags("phi3"), True, "phi3 serves instead", "ollama pull qwen", id="another model"),
        pytest.param(tags(), False, "no chat model is there", "ollama pull qwen", id="no model"),
        pytest.param(httpx.Response(401), False, "refuses our access (401)", "LOCAL_LLM_API_KEY", id="no access"),
        pytest.param(httpx.Response(200, html="<p>log in"), False, "a page", "LOCAL_LLM_BASE_URL", id="a login page"),
        pytest.param(httpx.Response(404), False, "refuses the request (404)", "LOCAL_LLM_KIND", id="another kind"),
        pytest.param(REFUSED, False, "connection refused", "start the server at http://models:11434", id="away"),
        pytest.param(httpx.ReadTimeout(""), False, "silent for too long", "start the server", id="silent"),
    ],
)
def test_a_configured_local_server_is_looked_at(upstream, reply, is_well, words, next_step):
    upstream(reply)

    state = looks.local_model()

    assert (state.is_well, words in state.words, next_step in state.next_step) == (is_well, True, True), state
    assert "a-local-key" not in state.words + state.next_step


@pytest.mark.usefixtures("_configured")
def test_a_server_without_the_named_model_that_is_no_ollama_is_not_told_to_pull_it(upstream, settings):
    settings.LOCAL_LLM_KIND = "openai_compatible"
    upstream(httpx.Response(200, json={"data": [{"id": "mistral"}]}))

    state = looks.local_model()

    assert state.is_well
    assert state.next_step == "set LOCAL_LLM_DEFAULT_MODEL to the one it serves"


@pytest.mark.usefixtures("_configured")
@pytest.mark.parametrize(
    ("found", "next_step"),
    [
        pytest.param(None, "install Ollama (ollama.com), ollama pull qwen, and start again", id="no Ollama"),
        pytest.param(ollama.Ollama(), "ollama pull qwen, and start again", id="an empty Ollama"),
    ],
)
def test_the_embedded_model_is_called_too_small_for_real_work(upstream, settings, monkeypatch, found, next_step):
    settings.LOCAL_LLM_KIND = "openai_compatible"
    monkeypatch.setattr(ollama, "look", lambda: found)
    upstream(httpx.Response(200, json={"data": [{"id": "demo/smollm2-135m"}]}))

    state = looks.local_model()

    assert state == State("Local model", True, state.words, next_step)
    assert "demo/smollm2-135m, built in" in state.words


@pytest.mark.parametrize(
    ("reply", "is_well", "words", "next_step"),
    [
        pytest.param(httpx.Response(200, json=MODELS), True, "the key is accepted", "", id="well"),
        pytest.param(httpx.Response(401), False, "refuses our access", "check ANTHROPIC_API_KEY", id="wrong key"),
        pytest.param(httpx.Response(529), False, "busy", "check the network", id="overloaded"),
        pytest.param(REFUSED, False, "cannot be reached (connection refused)", "check the network", id="unreachable"),
        pytest.param(httpx.Response(200, json={}), False, "no list of models", "ANTHROPIC_BASE_URL", id="not Claude"),
        pytest.param(
            httpx.Response(200, json={"data": []}), False, "no claude-sonnet-5-5", "DEFAULT_MODEL", id="unknown models"
        ),
    ],
)
def test_claude_is_asked(settings, upstream, reply, is_well, words, next_step):
    settings.ANTHROPIC_API_KEY = "sk-ant-test"
    settings.DEFAULT_MODEL, settings.OPUS_MODEL = "claude-sonnet-5-5", "claude-opus-5-5"
    upstream(reply)

    state = looks.claude()

    assert (state.is_well, words in state.words, next_step in state.next_step) == (is_well, True, True), state
    assert "sk-ant" not in state.words + state.next_step


def test_claude_without_a_key_is_off_and_not_an_error(settings):
    settings.ANTHROPIC_API_KEY = ""

    state = looks.claude()

    assert state.is_well is None
    assert "set ANTHROPIC_API_KEY in .env" in state.next_step


def test_a_redis_that_is_away_is_one_sentence(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    state = looks.redis()

    assert (state.is_well, state.next_step) == (False, "check REDIS_URL and the server")


def test_a_private_server_that_is_away_is_looked_for_in_its_log(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/none.sock"

    assert looks.redis().next_step == f"its own words stand in {tmp_path}/valkey.log"


@pytest.mark.parametrize(("server", "next_step"), [("/usr/bin/valkey-server", ""), (None, "install valkey-server")])
def test_without_redis_it_says_what_that_means(settings, monkeypatch, server, next_step):
    settings.REDIS_URL = ""
    monkeypatch.setattr(valkey, "find_server", lambda: server)

    state = looks.redis()

    assert state.is_well is None
    assert "limits hold per process" in state.words
    assert next_step in state.next_step


@pytest.mark.redis
def test_a_redis_that_answers_is_well(settings, redis_url):
    settings.REDIS_URL = redis_url

    assert looks.redis().is_well


def test_looks_go_on_at_once_and_one_that_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(looks, "GRACE_SECONDS", 0.05)
    is_over = threading.Event()
    well = State("B", True, "well")

    found = looks.together({"A": lambda seconds: is_over.wait(60), "B": lambda seconds: well}, 2)

    is_over.set()
    assert [(state.name, state.is_well) for state in found] == [("A", False), ("B", True)]
    assert "does not answer in time" in found[0].words
