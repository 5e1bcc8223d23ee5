"""Every face, sent JSON with members of a wrong kind: nothing fails, and what is refused is refused soon."""

import pytest

from tests.bad_input.bodies import BODIES, CONVERSATIONS
from tests.bad_input.refusals import HIGHEST_MB, check_prompt_refusal, check_shape, highest_mb

TEXTS = {"/v1/completions": "prompt", "/v1/embeddings": "input", "/chat": "message"}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "", [], [None], [[]], {}, {"a": []}, "\u0000"], ids=repr)
def test_no_member_of_a_wrong_type_makes_the_gateway_fail(client, path, wrong):
    members = {
        *BODIES[path],
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "system",
        "max_tokens",
        "stop",
        "user",
    }
    members |= {"metadata", "suffix", "n", "echo", "dimensions", "encoding_format", "provider", "temperature"}
    members |= {"response_format", "thinking", "output_config", "stop_sequences", "reasoning_effort", "best_of", "seed"}
    members |= {"input", "instructions", "text", "reasoning", "include", "max_output_tokens", "parallel_tool_calls"}
    members |= {"prompt_cache_key", "verbosity", "safety_identifier"}

    for member in sorted(members):
        response = client.post(path, json={**BODIES[path], member: wrong})

        assert response.status_code < 500, (member, response.text)
        if response.status_code >= 400:
            check_shape(path, response)


@pytest.mark.parametrize("path", CONVERSATIONS)
@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([], id="none"),
        pytest.param([{}], id="empty"),
        pytest.param([None], id="null"),
        pytest.param(["hi"], id="text"),
        pytest.param([{"role": "wizard", "content": "hi"}], id="unknown role"),
        pytest.param([{"role": ["user"], "content": "hi"}], id="role is a list"),
        pytest.param([{"role": "user", "content": 5}], id="content is a number"),
        pytest.param([{"role": "user", "content": [5]}], id="part is a number"),
        pytest.param([{"role": "user", "content": [{"type": 5}]}], id="type is a number"),
        pytest.param([{"role": "user", "content": [{}]}], id="part is empty"),
        pytest.param([{"role": "user", "content": "x"}] * 100_000, id="100,000 messages"),
        pytest.param({"role": "user", "content": "hi"}, id="not a list"),
    ],
)
def test_misshapen_messages_are_refused(client, path, messages):
    check_prompt_refusal(client, path, 400, json={**BODIES[path], CONVERSATIONS[path]: messages})


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param([], id="none"),
        pytest.param([""], id="an empty one"),
        pytest.param([None], id="null"),
        pytest.param([{"role": "user", "content": "hi"}], id="messages"),
        pytest.param({"text": "hi"}, id="an object"),
        pytest.param(["x"] * 100_000, id="100,000 texts"),
    ],
)
def test_what_is_no_text_is_refused(client, path, text):
    check_prompt_refusal(client, path, 400, json={**BODIES[path], TEXTS[path]: text})


def test_no_number_of_messages_or_texts_leaves_the_process_large(client, served):
    for path, member in (CONVERSATIONS | TEXTS).items():
        client.post(path, json={**BODIES[path], member: ["x"] * 100_000})

    assert highest_mb(served) < HIGHEST_MB
