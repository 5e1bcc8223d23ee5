import asyncio
import json

import httpx
import pytest

from routing import clients, connections
from routing.breakers import breaker
from routing.breakers import forget as forget_breakers
from routing.capabilities import anthropic
from routing.engine.types import LADDER, LocalModel, Tier
from routing.providers.base import Call, ProviderError

LOCAL_HOST, CLAUDE_HOST = "ollama.test", "claude.test"


class OllamaServer:
    """What an Ollama tells of itself; `calls` counts how often it is asked."""

    def __init__(self, installed=(), loaded=(), capabilities=("completion",), calls_tools=True, version="0.33.0"):
        self.installed, self.loaded, self.capabilities, self.calls_tools = installed, loaded, capabilities, calls_tools
        self.version = version
        self.calls = []
        self.headers = []

    def __call__(self, request):
        path = request.url.path
        self.calls.append(path)
        self.headers.append(request.headers)
        if path == "/api/ps":
            return httpx.Response(
                200, json={"models": [{"name": name, "context_length": 8192} for name in self.loaded]}
            )
        if path == "/api/version":
            return httpx.Response(200, json={"version": self.version})
        if path == "/api/tags":
            rows = [{"name": name, "digest": f"d-{name}", "size": size, "details": {}} for name, size in self.installed]
            return httpx.Response(200, json={"models": rows})
        if path == "/api/show":
            shown = {"capabilities": list(self.capabilities), "model_info": {"qwen2.context_length": 4096}}
            return httpx.Response(200, json=shown)
        call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
        message = {"content": "", "tool_calls": [call]} if self.calls_tools else {"content": "It rains."}
        return httpx.Response(200, content=json.dumps({"model": "m", "message": message, "done": True}))


@pytest.fixture
async def connect(settings, monkeypatch):
    """Opens connections over handlers by host."""
    forget_breakers()
    settings.LOCAL_LLM_BASE_URL = settings.ANTHROPIC_API_KEY = ""
    settings.LOCAL_LLM_DEFAULT_MODEL = settings.ROUTING_CLASSIFIER_MODEL = "qwen2.5-coder:14b-instruct"
    await connections.aclose()

    def connect(local=None, claude=None, kind="ollama", **values):
        handlers = {LOCAL_HOST: local, CLAUDE_HOST: claude}
        monkeypatch.setattr(clients, "transport", lambda url: httpx.MockTransport(handlers[httpx.URL(url).host]))
        settings.LOCAL_LLM_KIND = kind
        settings.LOCAL_LLM_BASE_URL = f"http://{LOCAL_HOST}" if local else ""
        settings.ANTHROPIC_API_KEY = "sk-ant-test" if claude else ""
        settings.ANTHROPIC_BASE_URL = f"http://{CLAUDE_HOST}"
        for name, value in values.items():
            setattr(settings, name, value)

    yield connect
    await connections.aclose()
    forget_breakers()


async def probed():
    """Until the test of the model that runs in the background is over."""
    await asyncio.wait_for(asyncio.shield(connections.current()._testing), 30)


async def test_without_any_setting_nothing_is_configured(connect):
    connect()

    await connections.start()

    surroundings = connections.surroundings()
    assert surroundings.configured == surroundings.available == frozenset()
    assert surroundings.local is None
    assert connections.provider("local") is connections.provider("anthropic") is None


async def test_the_wanted_model_serves_where_it_is_installed(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9), ("big:latest", 40)], ["qwen2.5-coder:14b-instruct"]))

    await connections.start()

    surroundings = connections.surroundings(allowed_tiers=frozenset({Tier.LOCAL}))
    assert surroundings.configured == surroundings.available == {Tier.LOCAL}
    assert surroundings.allowed_tiers == {Tier.LOCAL}
    assert surroundings.local == LocalModel("qwen2.5-coder:14b-instruct", True, 8192, vision=False, tools=False)
    assert surroundings.local_models == {"qwen2.5-coder:14b-instruct", "big:latest"}
    assert surroundings.classifier_ready
    assert connections.local_notes() == []
    assert connections.provider("local").name == "local"


async def test_the_largest_chat_model_serves_where_the_wanted_one_is_missing(connect):
    connect(OllamaServer([("small:1b", 1), ("big:7b", 7), ("nomic-embed-text:latest", 99)]))

    await connections.start()

    assert connections.surroundings().local.name == "big:7b"
    assert connections.served_local_model("qwen2.5-coder:14b-instruct") == "big:7b"
    assert connections.served_local_model("small:1b") == "small:1b"
    assert "ollama pull qwen2.5-coder:14b-instruct" in connections.local_notes()[0]


async def test_a_name_without_a_tag_means_latest(connect):
    connect(OllamaServer([("mistral:latest", 4), ("big:7b", 7)]))

    await connections.start()

    assert connections.served_local_model("mistral") == "mistral:latest"


@pytest.mark.parametrize("version", ["0.30.0", "0.1.48", "0.0.0"])
async def test_a_server_that_may_not_count_whole_prompts_is_said_once_with_what_to_do(connect, caplog, version):
    connect(OllamaServer([("qwen:7b", 7)], ["qwen:7b"], version=version), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    for _ in range(3):
        await connections.refresh()

    [note] = connections.local_notes()
    assert note.endswith(": update Ollama" if version != "0.0.0" else ": let /api/version through to it")
    assert [record.getMessage() for record in caplog.records if record.name == connections.__name__] == [
        f"local model: {note}"
    ]
    assert connections.surroundings().local.name == "qwen:7b"


@pytest.mark.parametrize("refusal", [403, 404, 500])
async def test_a_proxy_that_keeps_the_version_back_is_no_outage(connect, refusal):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    connect(
        lambda request: httpx.Response(refusal) if request.url.path == "/api/version" else server(request),
        LOCAL_LLM_DEFAULT_MODEL="qwen:7b",
    )

    await connections.start()

    assert connections.surroundings().available == {Tier.LOCAL}
    assert "version is unknown" in connections.local_notes()[0]


async def test_the_version_is_asked_for_as_seldom_as_what_is_installed(connect):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    for _ in range(3):
        await connections.refresh()

    assert server.calls.count("/api/version") == server.calls.count("/api/tags") == 1


async def test_a_model_that_is_not_loaded_is_not_asked_to_classify(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)]))

    await connections.start()

    assert connections.surroundings().local == LocalModel(
        "qwen2.5-coder:14b-instruct", False, 4096, vision=False, tools=False
    )
    assert not connections.surroundings().classifier_ready


async def test_a_classifier_of_its_own_is_loaded_once_it_is_missed_and_not_again_and_again(connect):
    asked = []

    def server(request):
        if request.url.path == "/api/chat":
            asked.append(json.loads(request.content)["model"])
        return OllamaServer([("qwen:7b", 7), ("small:1b", 1)], ["qwen:7b"])(request)

    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b", ROUTING_CLASSIFIER_MODEL="small:1b")
    await connections.start()
    await probed()
    await connections.refresh()
    before = asked.count("small:1b")

    for _ in range(2):
        connections.miss_classifier()
        await connections.refresh()
        await connections.current().loader.loading

    assert (before, asked.count("small:1b")) == (0, 1)
    assert not connections.surroundings().classifier_ready


async def test_a_missed_classifier_that_is_loaded_is_left_alone(connect):
    connect(OllamaServer([("qwen:7b", 7)], ["qwen:7b"]), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()

    connections.miss_classifier()
    await connections.refresh()

    assert connections.current().loader.loading is None


async def test_a_classifier_that_cannot_be_loaded_is_said(connect, caplog):
    def server(request):
        if request.url.path == "/api/chat":
            return httpx.Response(500, json={"error": "no room for it"})
        return OllamaServer([("qwen:7b", 7), ("small:1b", 1)], ["qwen:7b"])(request)

    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b", ROUTING_CLASSIFIER_MODEL="small:1b")
    await connections.start()
    await probed()

    connections.miss_classifier()
    await connections.refresh()
    await connections.current().loader.loading

    assert "the classifier small:1b cannot be loaded" in caplog.text


async def test_who_misses_a_classifier_without_a_local_server_is_not_heard(connect):
    connect()

    connections.miss_classifier()

    assert connections.current().loader is None


@pytest.mark.parametrize("calls_tools", [True, False])
async def test_a_model_is_probed_for_tool_calls_once(connect, calls_tools):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"], calls_tools)
    connect(server, LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()
    unprobed = connections.surroundings().local.tools

    for _ in range(3):
        await probed()
        await connections.refresh()

    assert unprobed is None
    assert connections.surroundings().local.tools is calls_tools
    assert server.calls.count("/api/show") == server.calls.count("/api/tags") == 1
    assert server.calls.count("/api/chat") == 2  # a call of a tool, and some words


async def test_a_server_that_refuses_the_probe_has_no_tools(connect):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"])
    refusal = httpx.Response(400, json={"error": "qwen:7b does not support tools"})
    connect(
        lambda request: refusal if request.url.path == "/api/chat" else server(request),
        LOCAL_LLM_DEFAULT_MODEL="qwen:7b",
    )

    await connections.start()
    await probed()
    await connections.refresh()

    assert connections.surroundings().local.tools is False


async def test_a_probe_that_failed_is_not_tried_again_at_once(connect):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], ["completion", "tools"])
    probes = []

    def handler(request):
        if request.url.path != "/api/chat":
            return server(request)
        probes.append(request)
        return httpx.Response(503, json={"error": "server busy"})

    connect(handler, LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    for _ in range(3):
        await connections.refresh()
        await probed()

    assert connections.surroundings().local.tools is None
    assert len(probes) == 1


@pytest.mark.parametrize("shown", [{"capabilities": [["x"]]}, {"capabilities": 3, "model_info": []}, {}])
async def test_what_a_model_says_of_itself_may_be_odd(connect, shown):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    connect(
        lambda request: httpx.Response(200, json=shown) if request.url.path == "/api/show" else server(request),
        LOCAL_LLM_DEFAULT_MODEL="qwen:7b",
    )

    await connections.start()

    assert connections.surroundings().local.name == "qwen:7b"


@pytest.mark.parametrize(("capabilities", "thought"), [(["completion", "thinking"], True), (["completion"], None)])
async def test_only_a_model_that_can_is_asked_to_think(connect, capabilities, thought):
    asked = []
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"], capabilities)
    connect(lambda request: asked.append(request) or server(request), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")
    await connections.start()

    await connections.provider("local").complete(Call("qwen:7b", {"messages": [], "reasoning_effort": "high"}, "a"))

    assert json.loads(asked[-1].content).get("think") is thought


async def test_an_open_breaker_makes_the_tier_unavailable(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)], ["qwen2.5-coder:14b-instruct"]))
    await connections.start()

    for _ in range(10):
        breaker("local").failed()

    surroundings = connections.surroundings()
    assert surroundings.configured == {Tier.LOCAL}
    assert surroundings.available == frozenset()
    assert not surroundings.classifier_ready


async def test_a_taken_slot_leaves_none_for_the_classifier(connect, monkeypatch):
    monkeypatch.setattr(connections.local_slots, "limit", 1)
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9)], ["qwen2.5-coder:14b-instruct"]))
    await connections.start()

    await connections.local_slots.acquire(0)

    assert not connections.surroundings().classifier_ready
    connections.local_slots.release()
    assert connections.surroundings().classifier_ready


def refuse(request):
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    "handler",
    [
        refuse,
        lambda request: httpx.Response(200, html="<html>login"),
        lambda request: httpx.Response(302, headers={"location": "https://x.cloudflareaccess.com/"}),
        lambda request: httpx.Response(200, content=b"\xff"),
        lambda request: httpx.Response(200, json=[1]),
        lambda request: httpx.Response(500),
    ],
    ids=["refusing", "page", "login", "garbage", "list", "failing"],
)
@pytest.mark.parametrize("kind", ["ollama", "openai_compatible"])
async def test_a_server_in_trouble_is_a_note_and_never_an_error(connect, handler, kind):
    connect(handler, kind=kind)

    await connections.start()

    assert connections.surroundings().configured == {Tier.LOCAL}
    assert connections.surroundings().available == frozenset()
    assert "LOCAL_LLM_BASE_URL" in connections.local_notes()[0]


async def test_an_outage_is_said_once_with_its_cause_and_its_end_once(connect, caplog):
    server = OllamaServer([("qwen:7b", 7)], ["qwen:7b"])
    answers = [server, refuse, lambda request: httpx.Response(500), refuse, server, server, refuse]
    connect(lambda request: answers[0](request), LOCAL_LLM_DEFAULT_MODEL="qwen:7b")

    while answers:
        await connections.refresh()
        answers.pop(0)

    away = (
        "local model: the local model server cannot be reached: check LOCAL_LLM_BASE_URL and that the server runs "
        "(ConnectError('refused'))"
    )
    said = [record.getMessage() for record in caplog.records if record.name == connections.__name__]  # not the probe's
    assert said == [away, "local model: ready", away]


async def test_a_request_that_fails_during_an_outage_is_logged_all_the_same(connect, caplog):
    connect(refuse)
    await connections.start()
    caplog.clear()

    with pytest.raises(ProviderError):
        await connections.provider("local").complete(Call("qwen:7b", {"messages": []}, "a"))

    assert caplog.messages == ["the local model server cannot be reached: ConnectError('refused')"]


async def test_that_claudes_models_cannot_be_listed_is_said_once_and_that_they_can_again_once(
    connect, caplog, monkeypatch
):
    monkeypatch.setattr(anthropic, "AGAIN_AFTER_FAILURE_SECONDS", 0)
    monkeypatch.setattr(anthropic, "AGAIN_SECONDS", 0)
    listed = httpx.Response(200, json={"data": [{"id": "claude-opus-5-5"}]})
    answers = [refuse, refuse, lambda request: listed, lambda request: listed]
    connect(claude=lambda request: answers[0](request))

    while answers:
        await connections.refresh()
        answers.pop(0)

    assert caplog.messages == [
        "Claude's models cannot be listed: Claude's API cannot be reached (ConnectError('refused'))",
        "Claude's models can be listed again",
    ]


@pytest.mark.parametrize("content", [b"{}", b'{"models": 3, "data": 3}', b'{"models": [3], "data": [{}]}'])
@pytest.mark.parametrize("kind", ["ollama", "openai_compatible"])
async def test_an_odd_list_of_models_is_no_error_either(connect, content, kind):
    connect(lambda request: httpx.Response(200, content=content), kind=kind)

    await connections.start()

    assert connections.surroundings().configured == {Tier.LOCAL}


async def test_a_silent_server_does_not_hold_up_the_start(connect, monkeypatch):
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)

    async def silent(request):
        await asyncio.sleep(60)

    connect(silent)

    async with asyncio.timeout(2):
        await connections.start()

    assert connections.surroundings().available == frozenset()


async def test_the_embedded_model_is_known_by_its_name(connect):
    models = {"data": [{"id": "demo/smollm2-135m"}]}
    connect(lambda request: httpx.Response(200, json=models), kind="openai_compatible")

    await connections.start()

    assert connections.surroundings().local == LocalModel(
        "demo/smollm2-135m", True, 2048, vision=False, tools=False, is_demo=True
    )
    assert connections.served_local_model("qwen2.5-coder:14b-instruct") == "demo/smollm2-135m"
    assert connections.local_notes() == []
    assert not connections.surroundings().classifier_ready


async def test_an_openai_compatible_server_lists_its_models_and_their_windows(connect):
    models = {"data": [{"id": "qwen", "max_model_len": 32768}, {"id": "bge-embed"}]}
    connect(lambda request: httpx.Response(200, json=models), kind="openai_compatible", LOCAL_LLM_DEFAULT_MODEL="qwen")

    await connections.start()

    assert connections.surroundings().local == LocalModel("qwen", True, 32768)
    assert connections.surroundings().local_models == {"qwen", "bge-embed"}


async def test_llama_cpp_tells_the_context_that_it_really_loaded(connect):
    asked = []

    def llama(request):
        asked.append(request.url.path)
        if request.url.path == "/props":
            return httpx.Response(200, json={"default_generation_settings": {"n_ctx": 4096}})
        return httpx.Response(200, json={"data": [{"id": "qwen", "meta": {"n_ctx_train": 131072}}]})

    connect(llama, kind="openai_compatible", LOCAL_LLM_DEFAULT_MODEL="qwen")

    await connections.start()
    await connections.refresh()

    assert connections.surroundings().local.context_tokens == 4096
    assert asked.count("/props") == 1


@pytest.mark.parametrize(("owner", "path"), [("llamacpp", "/infill"), ("vllm", "/v1/completions")])
async def test_only_llama_cpp_is_asked_in_its_own_way_to_fill_in(connect, owner, path):
    asked = []

    def server(request):
        asked.append(request.url.path)
        if request.method == "GET":
            return httpx.Response(200, json={"data": [{"id": "qwen", "owned_by": owner, "max_model_len": 512}]})
        return httpx.Response(400, json={"error": "enough is seen"})

    connect(server, kind="openai_compatible", LOCAL_LLM_DEFAULT_MODEL="qwen")
    await connections.start()
    await connections.refresh()

    with pytest.raises(ProviderError):
        await connections.provider("local").fill(Call("qwen", {"prompt": "a", "suffix": "b"}, "attempt-1"))

    assert asked[-1] == path


async def test_the_policys_models_are_looked_for(connect):
    connect(OllamaServer([("qwen2.5-coder:14b-instruct", 9), ("llama:8b", 8)]))
    await connections.start()

    await connections.refresh({"local": "llama:8b"})

    assert connections.surroundings().local.name == "llama:8b"


async def test_access_tokens_go_to_the_local_host_on_every_request(connect):
    server = OllamaServer([("qwen2.5-coder:14b-instruct", 9)])
    connect(
        server,
        LOCAL_LLM_API_KEY="local-key",
        LOCAL_CF_ACCESS_CLIENT_ID="abc.access",
        LOCAL_CF_ACCESS_CLIENT_SECRET="s3cret",
    )

    await connections.start()

    assert {headers["cf-access-client-id"] for headers in server.headers} == {"abc.access"}
    assert {headers["cf-access-client-secret"] for headers in server.headers} == {"s3cret"}
    assert {headers["authorization"] for headers in server.headers} == {"Bearer local-key"}


def test_every_tier_is_allowed_unless_a_key_says_otherwise():
    assert connections.surroundings().allowed_tiers == frozenset(LADDER)


async def test_claude_serves_its_tiers_and_lists_its_models(connect):
    seen = []

    def claude(request):
        seen.append(request)
        return httpx.Response(200, json={"data": [{"id": "claude-opus-5-5"}, {"id": "claude-haiku-5-5"}]})

    connect(claude=claude, LOCAL_CF_ACCESS_CLIENT_ID="abc.access", LOCAL_CF_ACCESS_CLIENT_SECRET="s3cret")

    await connections.start()
    await connections.refresh()

    surroundings = connections.surroundings()
    assert surroundings.available == {Tier.SONNET, Tier.OPUS}
    assert surroundings.anthropic_models == {"claude-opus-5-5", "claude-haiku-5-5"}
    assert connections.provider("anthropic").name == "anthropic"
    assert [str(request.url) for request in seen] == ["http://claude.test/v1/models?limit=1000"]
    assert seen[0].headers["x-api-key"] == "sk-ant-test"
    assert not [name for name in seen[0].headers if name.startswith("cf-")]


@pytest.mark.parametrize("content", [b"\xff", b"[]", b'{"data": [{}]}', b'{"data": null}'])
async def test_claude_serves_though_its_models_cannot_be_listed(connect, content):
    connect(claude=lambda request: httpx.Response(200, content=content))

    await connections.start()

    assert connections.surroundings().available == {Tier.SONNET, Tier.OPUS}
    assert connections.surroundings().anthropic_models == frozenset()


async def test_both_sides_may_be_away_at_once(connect):
    connect(refuse, claude=refuse)

    await connections.start()

    assert connections.surroundings().configured == frozenset(LADDER)
    assert connections.surroundings().available == {Tier.SONNET, Tier.OPUS}
