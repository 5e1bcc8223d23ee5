"""Which local model serves, and what is asked of its server."""

import httpx
import pytest

from routing import connections
from routing.engine.types import LocalModel, Tier
from routing.tests.connections.servers import OllamaServer


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
