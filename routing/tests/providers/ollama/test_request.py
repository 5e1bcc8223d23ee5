import pytest

from routing.providers.base import Call, ProviderRejectedError
from routing.providers.ollama.request import build

MODEL = "qwen2.5-coder:14b"
PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
PING = {"type": "function", "function": {"name": "ping"}}


def request_for(*messages, model=MODEL, thinks=False, sees=True, keep_alive="30m", **members):
    given = list(messages) or [{"role": "user", "content": "Hi"}]
    call = Call(model, {"messages": given, **members}, "attempt")
    return build(call, num_ctx=16_384, keep_alive=keep_alive, thinks=thinks, sees=sees)


def test_the_context_is_set_and_nothing_is_cut_silently():
    assert request_for().body == {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": "30m",
        "options": {"num_ctx": 16_384},
    }


@pytest.mark.parametrize(("given", "sent"), [("-1", -1), ("0", 0), ("300", 300), ("30m", "30m")])
def test_how_long_a_model_stays_loaded_is_seconds_or_a_duration(given, sent):
    assert request_for(keep_alive=given).body["keep_alive"] == sent


@pytest.mark.parametrize(("wanted", "dropped"), [(True, []), (False, ["parallel_tool_calls"]), (None, [])])
def test_only_calls_one_by_one_cannot_be_had(wanted, dropped):
    assert request_for(tools=[PING], parallel_tool_calls=wanted).dropped == dropped


def test_sampling_and_limits_become_options():
    members = {"temperature": 0.2, "top_p": 0.9, "seed": 7, "presence_penalty": 1, "frequency_penalty": 1}

    request = request_for(**members, top_k=40, max_tokens=5, max_completion_tokens=6, stop="END")

    assert request.body["options"] == {**members, "num_ctx": 16_384, "top_k": 40, "num_predict": 6, "stop": ["END"]}
    assert request.dropped == []


def test_parameters_that_ollama_does_not_know_are_dropped_and_named():
    request = request_for(logit_bias={}, store=True, n=1, user="u", logprobs=None)

    assert request.dropped == ["logit_bias", "store"]


def test_several_choices_are_refused():
    with pytest.raises(ProviderRejectedError, match="n is 3"):
        request_for(n=3)


def test_developers_speak_as_the_system_and_parts_become_one_text():
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    body = request_for({"role": "developer", "content": parts}, {"role": "user", "content": parts}).body

    assert body["messages"] == [{"role": "system", "content": "a\nb"}, {"role": "user", "content": "a\nb"}]


def test_an_image_is_bare_base64():
    body = request_for({"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}).body

    assert body["messages"] == [{"role": "user", "content": "", "images": ["iVBORw0KGgo="]}]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}], id="image-by-address"),
        pytest.param([{"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlh"}}], id="gif"),
        pytest.param([{"type": "input_audio", "input_audio": {}}], id="audio"),
        pytest.param(["text"], id="no-part"),
        pytest.param(7, id="number"),
    ],
)
def test_what_cannot_be_sent_is_refused(content):
    with pytest.raises(ProviderRejectedError) as caught:
        request_for({"role": "user", "content": content})

    assert not caught.value.was_sent


def test_a_model_that_is_known_to_be_blind_is_not_sent_an_image():
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}

    with pytest.raises(ProviderRejectedError, match="cannot look at images"):
        request_for(picture, sees=False)
    assert request_for(sees=False).body["messages"][0]["content"] == "Hi"


def test_calls_have_objects_as_arguments_and_results_the_name_of_their_tool():
    function = {"name": "weather", "arguments": '{"city":"Oslo"}'}
    call = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }

    body = request_for(
        {"role": "user", "content": "?"},
        call,
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        tools=[WEATHER],
    ).body

    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": {"city": "Oslo"}}}],
        },
        {"role": "tool", "content": "rain", "tool_name": "weather", "tool_call_id": "c1"},
    ]


def test_tools_have_parameters_even_where_the_client_gave_none():
    request = request_for(tools=[WEATHER, PING, {"type": "web_search"}])

    assert request.body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert request.tool_names == {"weather", "ping"}
    assert request.dropped == ["tools"]


@pytest.mark.parametrize(
    ("choice", "names", "sentence", "dropped"),
    [
        ("auto", ["weather", "ping"], None, []),
        ("none", [], None, []),
        ("required", ["weather", "ping"], "one of the tools", ["tool_choice"]),
        ({"type": "function", "function": {"name": "ping"}}, ["ping"], "the tool `ping`", ["tool_choice"]),
    ],
    ids=["auto", "none", "required", "named"],
)
def test_a_choice_of_tools_is_kept_as_well_as_it_can_be(choice, names, sentence, dropped):
    request = request_for(tools=[WEATHER, PING], tool_choice=choice)

    assert [tool["function"]["name"] for tool in request.body.get("tools", [])] == names
    assert request.dropped == dropped
    first = request.body["messages"][0]
    assert (sentence in first["content"]) if sentence else (first["role"] == "user")


def test_a_choice_of_an_undeclared_tool_is_refused():
    with pytest.raises(ProviderRejectedError, match="'other'"):
        request_for(tools=[PING], tool_choice={"type": "function", "function": {"name": "other"}})


def test_a_schema_becomes_the_format():
    schema = {"type": "object"}

    body = request_for(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).body

    assert body["format"] == schema


def test_json_is_asked_for_in_words_too():
    body = request_for(
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "?"},
        response_format={"type": "json_object"},
    ).body

    assert body["format"] == "json"
    assert body["messages"][0]["content"] == "Be brief\n\nAnswer with one JSON object and nothing else."


@pytest.mark.parametrize(
    ("model", "thinks", "effort", "think", "dropped"),
    [
        ("qwen3:8b", True, None, None, []),
        ("qwen3:8b", True, "none", False, []),
        ("qwen3:8b", True, "high", True, []),
        ("gpt-oss:20b", True, "medium", "medium", []),
        ("gpt-oss:20b", True, "none", "low", []),
        ("gpt-oss:20b", True, "max", "high", []),
        (MODEL, False, "high", None, ["reasoning_effort"]),
        (MODEL, False, "none", None, []),
    ],
)
def test_thinking_is_asked_of_models_that_can(model, thinks, effort, think, dropped):
    request = request_for(model=model, thinks=thinks, reasoning_effort=effort)

    assert request.body.get("think") == think
    assert request.dropped == dropped
