"""Every face over every provider, whole and streamed: what is asked for arrives, and what is answered is understood.

The doubles judge each body by the official clients' own types; a complaint of theirs fails the request.
"""

import json

import httpx
import pytest

from tests.doubles.ollama import OllamaDouble
from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.faces import FACES, Wish
from tests.gateway import KEY
from tests.upstreams import between_doubles

PROVIDERS = {"claude": "sonnet", "ollama": "local", "openai_compatible": "local"}
MODELS = {"qwen2.5-coder:14b-instruct": ("completion", "tools", "vision", "thinking")}
RED = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SHAPE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

either_way = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
every_provider = pytest.mark.parametrize("provider", PROVIDERS)
every_face = pytest.mark.parametrize("face", FACES)
every_conversation = pytest.mark.parametrize("face", ["chat", "messages", "responses"])


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folders = tmp_path_factory.mktemp("ollama"), tmp_path_factory.mktemp("compatible")
    with (
        between_doubles(folders[0], OllamaDouble(models=MODELS)) as ollama,
        between_doubles(folders[1], OpenAICompatibleDouble(), LOCAL_LLM_KIND="openai_compatible") as compatible,
    ):
        yield {"claude": ollama, "ollama": ollama, "openai_compatible": compatible}


@pytest.fixture(scope="module")
def clients(worlds):
    made = {(face, provider): FACES[face](worlds[provider].gateway.url) for face in FACES for provider in PROVIDERS}
    yield made
    for each in made.values():
        each.client.close()


@pytest.fixture
def ask(worlds, clients, face, provider, is_stream):
    """Asks through the face's client; gives what it made of the answer, and the body that the upstream was sent."""
    world, model = worlds[provider], PROVIDERS[provider]

    def asked(text, **wishes):
        heard = clients[face, provider].ask(model, Wish(text, is_stream, **wishes))
        return heard, newest_body(world.behind(model))

    return asked


def newest_body(front):
    seen = httpx.get(f"{front.url}/double/requests", timeout=30).json()
    assert not seen[-1]["complaint"]
    return seen[-1]["body"]


@every_face
@every_provider
@either_way
def test_a_text_is_answered_with_its_usage_and_the_name_of_who_answered(ask, face):
    heard, body = ask("[[say:all is well]]")

    assert (heard.text, heard.end) == ("all is well", FACES[face].ends[0])
    assert all(count > 0 for count in heard.tokens)
    assert heard.model == heard.headers["x-smartgateway-model"]
    assert body["model"]


@every_face
@every_provider
@either_way
def test_an_answer_that_was_cut_off_is_told_as_that(ask, face):
    heard, _ = ask("[[length]] [[say:all is]]")

    assert heard.end == FACES[face].ends[1]


@every_conversation
@every_provider
@either_way
def test_tools_are_called_in_parallel_and_their_results_understood(ask, face):
    text = 'Both. [[call:read_file {"path": "a.py"}]] [[call:read_file {"path": "b.py"}]]'

    first, _ = ask(text, has_tools=True)
    answered = [(identity, given, f"[[say:{given['path']} was read]]") for identity, given in first.calls]
    second, body = ask(text, has_tools=True, answered=answered)

    assert [given for _, given in first.calls] == [{"path": "a.py"}, {"path": "b.py"}]
    assert len({identity for identity, _ in first.calls}) == 2
    assert first.end == FACES[face].ends[2]
    assert second.text in ("a.py was read", "b.py was read")
    assert second.end == FACES[face].ends[0]
    assert {"a.py was read", "b.py was read"} <= set(results_in(body))


def results_in(body):
    """The contents of tool results, in whichever dialect."""
    found = []
    for message in body["messages"]:
        if message["role"] == "tool":
            found.append(message["content"])
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_result":
                found.append(json.dumps(block["content"]))
    return [text.partition("[[say:")[2].partition("]]")[0] for text in found]


@every_conversation
@every_provider
@either_way
def test_an_image_arrives_as_it_was_sent(ask):
    heard, body = ask("[[say:a dot]]", image=RED)

    assert heard.text == "a dot"
    assert RED.partition(",")[2] in json.dumps(body)


@every_conversation
@every_provider
@either_way
def test_a_schema_for_the_answer_arrives(ask, provider):
    _, body = ask("[[say:{}]]", schema=SHAPE)

    found = {
        "claude": lambda: body["output_config"]["format"]["schema"],
        "ollama": lambda: body["format"],
        "openai_compatible": lambda: body["response_format"]["json_schema"]["schema"],
    }[provider]()
    assert found["properties"] == SHAPE["properties"]


@pytest.mark.parametrize("face", ["chat", "messages", "completions"])
@every_provider
@either_way
def test_a_stop_sequence_arrives(ask, provider):
    _, body = ask("[[say:one]]", stop="END")

    found = {
        "claude": lambda: body["stop_sequences"],
        "ollama": lambda: body["options"]["stop"],
        "openai_compatible": lambda: body["stop"],
    }[provider]()
    assert found in ("END", ["END"])


@every_conversation
@every_provider
@either_way
def test_an_effort_arrives(ask, provider):
    _, body = ask("[[say:one]]", effort="high")

    found = {
        "claude": lambda: body["output_config"]["effort"],
        "ollama": lambda: body["think"],
        "openai_compatible": lambda: body["reasoning_effort"],
    }[provider]()
    assert found in ("high", True)


PATHS = {
    "/v1/chat/completions": {},
    "/v1/messages": {"max_tokens": 5_000},
    "/v1/responses": {},
    "/v1/completions": {},
    "/chat": {},
}
every_path = pytest.mark.parametrize("path", PATHS)
CLIENTS_OWN = {
    "authorization": f"Bearer {KEY}",
    "accept-encoding": "gzip, br",
    "cf-access-client-id": "clients-own.access",
    "cf-access-client-secret": "clients-own",
    "cookie": "session=clients-own",
    "x-forwarded-for": "192.0.2.7",
    "anthropic-dangerous-direct-browser-access": "clients-own",
}


@pytest.fixture
def post(worlds, path, provider):
    asked = {"/v1/responses": "input", "/v1/completions": "prompt", "/chat": "message"}

    def sent(text, **members):
        messages = {asked[path]: text} if path in asked else {"messages": [{"role": "user", "content": text}]}
        body = {"model": PROVIDERS[provider], **PATHS[path], **messages, **members}
        return httpx.post(worlds[provider].gateway.url + path, json=body, headers=CLIENTS_OWN, timeout=60)

    return sent


@pytest.mark.parametrize("path", ["/chat"])
@every_provider
def test_one_message_gets_one_reply_and_the_name_of_who_answered(worlds, post, provider):
    answer = post("[[say:all is well]]")

    model = answer.headers["x-smartgateway-model"]
    assert answer.json() == {
        "reply": "all is well",
        "model": model,
        "tier": PROVIDERS[provider],
        "decision_id": answer.headers["x-smartgateway-decision-id"],
    }
    assert newest_body(worlds[provider].behind(PROVIDERS[provider]))["model"] == model


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/chat"])
@every_provider
def test_a_stream_is_neither_cached_nor_held_back_nor_compressed(post):
    headers = post("[[say:all is well]]", stream=True).headers

    assert headers["content-type"].startswith("text/event-stream")
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache", "no")
    assert not {"content-encoding", "content-length"} & headers.keys()


@every_path
@every_provider
def test_nothing_that_a_client_sends_to_us_goes_upstream_in_a_header(worlds, post, path, provider):
    assert post("[[say:all is well]]").status_code == 200

    sent = worlds[provider].behind(PROVIDERS[provider]).find("all is well").content
    assert KEY.encode() not in sent
    assert b"clients-own" not in sent
    assert b"192.0.2.7" not in sent


@every_path
@every_provider
def test_an_answer_carries_our_id_of_it_and_claudes(post, provider):
    headers = post("[[say:all is well]]").headers

    assert headers["x-request-id"] == headers["x-smartgateway-decision-id"]
    if provider == "claude":
        assert headers["request-id"].startswith("req_")


@every_path
@every_provider
def test_a_body_of_many_megabytes_is_served(post, provider):
    """Django's own limit is 2.5 MB; what is too long for a model is its own refusal, in words."""
    response = post("[[say:fine]]" + " " * 5_000_000)

    assert response.status_code in (200, 400)
    assert response.status_code == 200 or provider == "ollama"


@pytest.mark.parametrize("path", ["/v1/chat/completions"])
@pytest.mark.parametrize("provider", ["claude", "ollama"])
def test_a_translated_answer_has_the_members_that_clients_look_for(post):
    completion = post("[[say:fine]]").json()

    [choice] = completion["choices"]
    assert (choice["index"], choice["logprobs"], choice["finish_reason"]) == (0, None, "stop")
    assert (completion["object"], type(completion["created"])) == ("chat.completion", int)


@pytest.mark.parametrize("path", ["/v1/chat/completions"])
@every_provider
@pytest.mark.parametrize("with_usage", [False, True], ids=["without-usage", "with-usage"])
def test_the_frames_of_a_chat_stream_keep_openais_order(post, provider, with_usage):
    options = {"stream_options": {"include_usage": True}} if with_usage else {}

    frames = post("[[say:one two three]]", stream=True, **options).text.split("\n\n")

    chunks = [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]
    assert frames[-2:] == ["data: [DONE]", ""]
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    told = [chunk for chunk in chunks if chunk["choices"]]
    assert chunks[len(told) :] == ([] if not with_usage else [chunks[-1]])
    assert [chunk["choices"][0]["finish_reason"] for chunk in told] == [None] * (len(told) - 1) + ["stop"]
    assert told[-1]["choices"][0]["delta"] == {}
    if provider != "openai_compatible":  # whose bytes pass through
        assert told[0]["choices"][0]["delta"]["role"] == "assistant"
        assert "content" in told[0]["choices"][0]["delta"]
        assert {(chunk["choices"][0]["index"], chunk["choices"][0]["logprobs"]) for chunk in told} == {(0, None)}
