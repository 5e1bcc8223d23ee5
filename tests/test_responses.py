"""`/v1/responses` as the official client and as codex speak it, through a gateway between doubles."""

import json

import httpx
import openai
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent

from tests.doubles.ollama import OllamaDouble
from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.gateway import KEY
from tests.upstreams import between_doubles

MODELS = pytest.mark.parametrize("model", ["local", "sonnet"])
EITHER_WAY = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
READ = {
    "type": "function",
    "name": "read_file",
    "description": "Read a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
SHAPE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    models = {"qwen2.5-coder:14b-instruct": ("completion", "tools", "vision")}
    with between_doubles(tmp_path_factory.mktemp("gateway"), OllamaDouble(models=models)) as world:
        yield world


@pytest.fixture(scope="module")
def client(world):
    with openai.OpenAI(base_url=f"{world.gateway.url}/v1", api_key=KEY, max_retries=0, timeout=30) as client:
        yield client


class Answer:
    """A response, however it came; every event of a stream is checked against the client's own types."""

    def __init__(self, client, is_stream, **request):
        raw = client.responses.with_raw_response.create(stream=is_stream, **request)
        self.headers = raw.headers
        self.events = []
        if is_stream:
            self.events = list(raw.parse())
            for event in self.events:
                EVENT.validate_json(event.to_json(), strict=True)
            self.response = self.events[-1].response
        else:
            self.response = raw.parse()
        Response.model_validate_json(self.response.to_json(), strict=True)

    @property
    def items(self):
        return self.response.output

    def of(self, kind):
        return [item for item in self.items if item.type == kind]


def upstream(world, model):
    """The newest body that an upstream was sent."""
    front = world.behind(model)
    bodies = [seen["body"] for seen in requests_of(front.url) if seen.get("body")]
    assert all(seen["complaint"] is None for seen in requests_of(front.url)[-1:])
    return bodies[-1]


def requests_of(url):
    return httpx.get(f"{url}/double/requests", timeout=10).json()


@MODELS
@EITHER_WAY
def test_a_text_is_answered_with_text_and_usage(client, model, is_stream):
    answer = Answer(client, is_stream, model=model, input="[[say:all is well]]", instructions="Be brief.")

    assert answer.response.output_text == "all is well"
    assert (answer.response.status, answer.response.store) == ("completed", False)
    assert answer.response.model == answer.headers["x-smartgateway-model"]
    usage = answer.response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens > 0


@MODELS
def test_the_events_of_a_stream_come_in_order_and_are_numbered(client, model):
    answer = Answer(client, True, model=model, input="[[say:one two]]")

    assert [event.type for event in answer.events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * (len(answer.events) - 8),
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in answer.events] == list(range(len(answer.events)))


@MODELS
@EITHER_WAY
def test_parallel_tools_are_called_and_their_results_understood(client, world, model, is_stream):
    text = 'Read both. [[call:read_file {"path": "a.py"}]] [[call:read_file {"path": "b.py"}]]'
    asked = [{"role": "user", "content": text}]

    calls = Answer(client, is_stream, model=model, input=asked, tools=[READ]).of("function_call")
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": call.arguments} for call in calls]
    history = [*asked, *(call.to_dict() for call in calls), *results]
    answer = Answer(client, is_stream, model=model, input=history, tools=[READ])

    assert [json.loads(call.arguments) for call in calls] == [{"path": "a.py"}, {"path": "b.py"}]
    assert len({call.call_id for call in calls}) == 2
    assert '{"path": "b.py"}' in answer.response.output_text.replace('":"', '": "')


@MODELS
def test_the_clients_own_accumulation_of_a_stream_agrees(client, model):
    with client.responses.stream(model=model, input='[[call:read_file {"path": "a.py"}]]', tools=[READ]) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.function_call_arguments.delta"]
        final = stream.get_final_response()

    [call] = [item for item in final.output if item.type == "function_call"]
    assert json.loads(call.arguments) == json.loads(snapshots[-1]) == {"path": "a.py"}


@MODELS
@EITHER_WAY
def test_a_schema_for_the_text_reaches_the_model(client, world, model, is_stream):
    shape = {"format": {"type": "json_schema", "name": "place", "schema": SHAPE, "strict": True}}

    Answer(client, is_stream, model=model, input="Where?", text=shape)

    sent = upstream(world, model)
    found = sent["format"] if model == "local" else sent["output_config"]["format"]["schema"]
    assert found["properties"] == SHAPE["properties"]


@MODELS
def test_an_image_reaches_the_model(client, world, model):
    content = [{"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": PIXEL}]

    Answer(client, False, model=model, input=[{"role": "user", "content": content}])

    assert PIXEL.partition(",")[2] in json.dumps(upstream(world, model))


@pytest.mark.parametrize(("words", "reason"), [("[[length]]", "max_output_tokens"), ("[[refuse]]", "content_filter")])
@EITHER_WAY
def test_an_answer_that_was_cut_off_is_incomplete(client, words, reason, is_stream):
    answer = Answer(client, is_stream, model="sonnet", input=words)

    assert answer.response.status == "incomplete"
    assert answer.response.incomplete_details.reason == reason


def test_a_stream_that_breaks_fails_and_raises_in_the_client(client):
    seen = []

    stream = client.responses.create(model="sonnet", input="[[break]]", stream=True)
    with stream, pytest.raises(openai.APIError) as caught:
        seen.extend(stream)

    assert seen[-1].type == "response.failed"
    assert seen[-1].response.error.code == "server_error"
    assert caught.value.body["type"] == "api_error"


@pytest.mark.parametrize(
    "refused",
    [{"store": True}, {"previous_response_id": "resp_1"}, {"background": True}, {"conversation": "conv_1"}],
    ids=lambda refused: next(iter(refused)),
)
def test_what_needs_a_store_is_refused_by_name(client, refused):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="auto", input="hi", **refused)

    assert caught.value.param == next(iter(refused))


CODEX = {
    "model": "gpt-5.5-codex",
    "instructions": "You are a coding agent running in the Codex CLI.",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Sandbox: read-only."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context/>"}]},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199c2f0-3b5e-7a21-9d0e-1a2b3c4d5e6f",
    "text": {"verbosity": "medium"},
    "tools": [READ, PATCH, {"type": "local_shell"}, {"type": "web_search", "external_web_access": False}],
}


def codex(text, *more):
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return {**CODEX, "input": [*CODEX["input"], said, *more]}


def test_codex_calls_its_freeform_and_shell_tools_in_their_own_form(client):
    text = '[[call:apply_patch {"input": "*** Begin"}]] [[call:local_shell {"command": ["ls", "-l"]}]]'

    answer = Answer(client, True, **codex(text))

    [patch], [shell] = answer.of("custom_tool_call"), answer.of("local_shell_call")
    assert (patch.name, patch.input) == ("apply_patch", "*** Begin")
    assert shell.action.command == ["ls", "-l"]
    assert {"include", "tools.web_search"} <= set(answer.headers["x-smartgateway-dropped-params"].split(","))


def test_codex_goes_on_after_its_tools(client, world):
    more = [
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "custom_tool_call", "call_id": "call_1", "name": "apply_patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done [[say:patched]]"},
    ]

    answer = Answer(client, True, **codex("Patch it.", *more))

    assert answer.response.output_text == "patched"
    assert answer.headers["x-smartgateway-tier"] != "local"
    assert "input.reasoning" in answer.headers["x-smartgateway-dropped-params"]
    sent = upstream(world, "sonnet")
    assert sent["system"][0]["text"].endswith("Codex CLI.\n\nSandbox: read-only.")
    assert sent["messages"][1]["content"][0]["input"] == {"input": "*** Begin"}


def test_decision_and_outcome_are_recorded_under_the_face(client, world):
    headers = client.responses.with_raw_response.create(model="sonnet", input="hi", user="ada").headers

    identity = headers["x-smartgateway-decision-id"]
    status, http_status, error = world.gateway.outcome(identity)

    assert (status, http_status, error) == ("answered", 200, "")
    where = f"REPLACE(CAST(id AS VARCHAR(36)), '-', '') = '{identity.replace('-', '')}'"
    [(face, end_user)] = world.gateway.rows(f"SELECT face, end_user FROM audit_routingdecision WHERE {where}")
    assert (face, end_user) == ("responses", "ada")


@pytest.fixture(scope="module")
def compatible_client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compatible")
    with (
        between_doubles(folder, OpenAICompatibleDouble(), LOCAL_LLM_KIND="openai_compatible") as world,
        openai.OpenAI(base_url=f"{world.gateway.url}/v1", api_key=KEY, max_retries=0, timeout=30) as client,
    ):
        yield client


@EITHER_WAY
def test_a_server_that_speaks_openai_chat_answers_too(compatible_client, is_stream):
    answer = Answer(compatible_client, is_stream, model="local", input="[[say:all is well]]")

    assert (answer.response.output_text, answer.response.status) == ("all is well", "completed")
    assert answer.response.usage.total_tokens == 12


@pytest.mark.parametrize("words", ["[[break]] [[say:one two three]]", "[[no-end]] [[say:one two three]]"])
def test_its_broken_streams_are_failures(compatible_client, words):
    seen = []

    stream = compatible_client.responses.create(model="local", input=words, stream=True)
    with stream, pytest.raises(openai.APIError):
        seen.extend(stream)

    assert seen[-1].type == "response.failed"
