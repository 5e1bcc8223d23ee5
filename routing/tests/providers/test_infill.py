"""llama.cpp's own way to fill in at a cursor; the transcript holds native events as the real server writes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.base import Call, ProviderRejectedError, ProviderUnavailableError
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.replies import Pieces, answering, cut, outcome_of, transcript, upstream

FILLED = transcript("openai/infill.sse")


async def filled(*pieces, seen=None, status=200, **body):
    handler = answering(Pieces(*pieces), status, {"content-type": "text/event-stream"})

    def noted(request):
        if seen is not None:
            seen.append(request)
        return handler(request)

    provider = OpenAICompatible(upstream(noted), infills=lambda: True)
    call = Call("qwen", {"prompt": "def f(", "suffix": "): pass", "messages": [], **body}, "attempt-1")
    opened = await provider.fill(call)
    return opened, *await outcome_of(opened)


async def test_what_stands_around_the_cursor_is_told_in_llama_cpps_words():
    seen = []

    await filled(FILLED, seen=seen, max_tokens=3, stop="\n", temperature=0, provider="local", user="u")

    assert seen[0].url.path == "/infill"
    assert json.loads(seen[0].content) == {
        "model": "qwen",
        "input_prefix": "def f(",
        "input_suffix": "): pass",
        "temperature": 0,
        "n_predict": 3,
        "stop": ["\n"],
        "stream": True,
    }


@given(st.lists(st.integers(0, 600), max_size=6))
async def test_any_split_of_its_answer_gives_the_same_text_and_usage(places):
    opened, chunks, error = await filled(*cut(FILLED, places), stream_options={"include_usage": True})

    texts = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
    assert error is None
    assert "".join(texts) == "x) ="
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]] == [None, None, "length"]
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert (opened.account.response_model, opened.account.is_complete) == ("qwen", True)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FILLED[:250], id="cut"),
        pytest.param(b'data: {"error":{"code":500,"message":"out of memory","type":"server_error"}}\n\n', id="error"),
        pytest.param(b"data: no JSON\n\n", id="garbage"),
    ],
)
async def test_a_fill_that_breaks_off_is_a_failure_and_never_an_end(content):
    opened, chunks, error = await filled(content)

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert not any(chunk["choices"][0]["finish_reason"] for chunk in chunks)


async def test_a_model_that_cannot_fill_in_is_a_refusal_that_says_what_to_serve():
    refusal = b'{"error":{"code":501,"message":"Infill is not supported by this model","type":"not_supported_error"}}'

    with pytest.raises(ProviderRejectedError) as caught:
        await filled(refusal, status=501)

    assert (caught.value.kind, caught.value.is_retryable) == ("fill_not_supported", False)
    assert "LOCAL_FIM_MODEL" in caught.value.message
