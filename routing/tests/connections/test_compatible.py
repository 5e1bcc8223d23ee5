"""Local servers that speak OpenAI."""

import httpx
import pytest

from routing import connections
from routing.engine.types import LocalModel
from routing.providers.base import Call, ProviderError


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
