"""The official client over Claude and over the local model."""

import json

import openai
import pytest

from tests.responses.answer import EITHER_WAY, READ, Answer, upstream

MODELS = pytest.mark.parametrize("model", ["local", "sonnet"])
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHAPE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


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


def test_decision_and_outcome_are_recorded_under_the_face(client, world):
    headers = client.responses.with_raw_response.create(model="sonnet", input="hi", user="ada").headers

    identity = headers["x-smartgateway-decision-id"]
    status, http_status, error = world.gateway.outcome(identity)

    assert (status, http_status, error) == ("answered", 200, "")
    where = f"REPLACE(CAST(id AS VARCHAR(36)), '-', '') = '{identity.replace('-', '')}'"
    [(face, end_user)] = world.gateway.rows(f"SELECT face, end_user FROM audit_routingdecision WHERE {where}")
    assert (face, end_user) == ("responses", "ada")
