"""Text completions, autocompletion, embeddings and models, with the official clients over both local kinds."""

import base64
import struct

import anthropic
import httpx
import openai
import pytest

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.doubles.serving import serving
from tests.gateway import KEY

CODER, EMBEDDER = "qwen2.5-coder:14b-instruct", "nomic-embed-text"
INSTALLED = {CODER: ("completion", "tools", "insert"), f"{EMBEDDER}:latest": ("embedding",)}
LOCAL_KINDS = ["ollama", "openai_compatible"]


@pytest.fixture(scope="module", params=LOCAL_KINDS)
def served(request, tmp_path_factory):
    local = OllamaDouble(models=INSTALLED) if request.param == "ollama" else OpenAICompatibleDouble()
    with serving(AnthropicDouble()) as claude_url, serving(local) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
            "LOCAL_LLM_KIND": request.param,
            "LOCAL_FIM_MODEL": CODER,
        }
        with gateway.running(tmp_path_factory.mktemp("gateway"), **variables) as running:
            running.is_ollama = request.param == "ollama"
            yield running


@pytest.fixture
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def test_an_editor_is_given_what_belongs_at_the_cursor(client, served):
    raw = client.completions.with_raw_response.create(model="auto", prompt="def f(", suffix="): pass", max_tokens=9)

    completion = raw.parse()

    assert completion.choices[0].text == "def f(|fill|): pass"
    assert (completion.object, completion.model, completion.choices[0].finish_reason) == (
        "text_completion",
        CODER,
        "stop",
    )
    assert (raw.headers["x-smartgateway-reason"], raw.headers["x-smartgateway-phase"]) == ("autocomplete", "heuristic")
    identity = raw.headers["x-smartgateway-decision-id"]
    assert served.outcome(identity) == ("answered", 200, "")


def test_autocompletion_streams_and_counts_when_asked(client):
    chunks = list(
        client.completions.create(
            model=CODER, prompt="a", suffix="b", stream=True, stream_options={"include_usage": True}
        )
    )

    assert [chunk.choices[0].text for chunk in chunks if chunk.choices and chunk.choices[0].text] == [
        "a|",
        "fill",
        "|b",
    ]
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("model", ["sonnet", "claude-opus-5-5"])
def test_autocompletion_never_goes_to_claude(client, model):
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model=model, prompt="a", suffix="b")

    assert caught.value.code == "contradictory_choice"


@pytest.mark.parametrize("model", ["local", "sonnet"])
def test_a_prompt_without_a_suffix_is_answered_as_a_text_completion(client, model):
    whole = client.completions.create(model=model, prompt=["[[say:all is well]]"])
    streamed = list(client.completions.create(model=model, prompt="[[say:all is well]]", stream=True))

    assert whole.object == streamed[0].object == "text_completion"
    assert whole.choices[0].text == "".join(chunk.choices[0].text for chunk in streamed) == "all is well"
    assert whole.usage.prompt_tokens > 0
    assert streamed[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"prompt": [1, 2, 3]}, "prompt"),
        ({"prompt": ["one", "two"]}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x", "echo": True}, "echo"),
        ({"prompt": "x", "logprobs": 2}, "logprobs"),
        ({"prompt": "x", "n": 2}, "n"),
        ({"prompt": "x", "best_of": 2}, "best_of"),
    ],
)
def test_what_a_text_completion_cannot_do_is_refused_by_name(client, options, param):
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="auto", **options)

    assert caught.value.param == param


def test_embeddings_come_in_order_as_the_sdk_asks_for_them_and_are_recorded(client, served):
    raw = client.embeddings.with_raw_response.create(model=EMBEDDER, input=["a", "four"])

    found = raw.parse()

    assert [entry.embedding for entry in found.data] == [[1.5] * 4, [4.5] * 4]
    assert found.usage.prompt_tokens == 2
    identity = raw.headers["x-smartgateway-decision-id"]
    assert served.outcome(identity) == ("answered", 200, "")
    assert raw.headers["x-smartgateway-provider"] == "local"


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_both_encodings_hold_the_same_vector(served, encoding):
    body = {"model": EMBEDDER, "input": "abc", "encoding_format": encoding}

    answer = httpx.post(f"{served.url}/v1/embeddings", json=body, headers={"x-api-key": KEY}).json()

    vector = answer["data"][0]["embedding"]
    assert (vector if encoding == "float" else list(struct.unpack("<4f", base64.b64decode(vector)))) == [3.5] * 4


@pytest.mark.parametrize("model", ["sonnet", "text-embedding-3-small"])
def test_no_other_model_stands_in_for_an_embedding_model(client, model):
    with pytest.raises(openai.APIStatusError) as caught:
        client.embeddings.create(model=model, input="a")

    assert caught.value.status_code in (400, 404)


def test_tokens_are_embedded_where_the_server_understands_them(client, served):
    if served.is_ollama:
        with pytest.raises(openai.BadRequestError, match="strings"):
            client.embeddings.create(model="auto", input=[1, 2, 3])
    else:
        assert len(client.embeddings.create(model="auto", input=[1, 2, 3]).data) == 1


def test_dimensions_are_kept_or_refused(client, served):
    if served.is_ollama:
        assert len(client.embeddings.create(model="auto", input="a", dimensions=2).data[0].embedding) == 2
    else:
        with pytest.raises(openai.BadRequestError, match="dimensions"):
            client.embeddings.create(model="auto", input="a", dimensions=2)


def test_both_sdks_read_the_models(client, served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as claude:
        ours, theirs = [model.id for model in client.models.list()], [model.id for model in claude.models.list()]
        one, other = client.models.retrieve(CODER), claude.models.retrieve("claude-auto")

    assert ours == theirs
    assert {"auto", "claude-auto", "local", "opus", CODER} <= set(ours)
    assert (one.owned_by, other.type) == ("local", "model")


@pytest.mark.parametrize("name", ["no-such/model:7b", "a//b", "%2e%2e"])
def test_a_model_that_is_not_there_is_a_404_to_both_sdks(client, served, name):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as claude:
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve(name)
        with pytest.raises(anthropic.NotFoundError) as also_caught:
            claude.models.retrieve(name)

    assert caught.value.code == "model_not_found"
    assert also_caught.value.body["error"]["type"] == "not_found_error"
