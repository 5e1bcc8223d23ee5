"""Filling in at a cursor and embeddings, at Ollama; each body is judged by the double's own types."""

import json

import msgspec
import pytest

from routing.providers.base import Call, ProviderRejectedError, ProviderUnavailableError
from routing.providers.ollama import Ollama
from routing.tests.providers.replies import Pieces, answering, outcome_of, upstream
from tests.doubles.ollama.shape import EmbedRequest, GenerateRequest


def provider(content, seen, status=200):
    handler = answering(content, status, {"content-type": "application/x-ndjson"})

    def noted(request):
        seen.append(request)
        return handler(request)

    return Ollama(upstream(noted), num_ctx=4_096, keep_alive="30m")


def call(**body):
    return Call("qwen", body, "attempt-1")


def lines(*rows):
    return b"".join(json.dumps({"model": "qwen", **row}).encode() + b"\n" for row in rows)


FILLED = lines(
    {"response": "re", "done": False},
    {"response": "turn", "done": False},
    {"response": "", "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2},
)


async def filled(content=FILLED, **body):
    seen = []
    opened = await provider(Pieces(content), seen).fill(call(**body))
    chunks, error = await outcome_of(opened)
    return opened, chunks, error, seen


@pytest.mark.parametrize(
    ("suffix", "expected"), [(": pass", {"suffix": ": pass"}), ("", {"raw": True})], ids=["suffix", "end-of-file"]
)
async def test_what_stands_around_the_cursor_is_told_with_the_context_and_never_cut(suffix, expected):
    _, _, _, seen = await filled(prompt="def f()", suffix=suffix, max_tokens=9, stop="\n")

    msgspec.json.decode(seen[0].content, type=GenerateRequest)
    assert seen[0].url.path == "/api/generate"
    assert json.loads(seen[0].content) == {
        "model": "qwen",
        "prompt": "def f()",
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": "30m",
        "options": {"num_ctx": 4_096, "num_predict": 9, "stop": ["\n"]},
        **expected,
    }


async def test_what_belongs_at_the_cursor_comes_as_chunks_with_its_usage():
    opened, chunks, error, _ = await filled(prompt="a", suffix="b", stream_options={"include_usage": True})

    assert error is None
    texts = [chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"]]
    assert "".join(text or "" for text in texts) == "return"
    assert chunks[-1]["usage"]["prompt_tokens"] == 7
    assert (opened.account.usage.output_tokens, opened.account.is_complete) == (2, True)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FILLED[:-60], id="cut"),
        pytest.param(lines({"response": "re"}, {"error": "the runner has died"}), id="error-line"),
        pytest.param(b"<html>", id="garbage"),
    ],
)
async def test_a_fill_that_breaks_off_is_a_failure_and_never_an_end(content):
    opened, chunks, error, _ = await filled(content, prompt="a", suffix="b")

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert not any(chunk["choices"][0]["finish_reason"] for chunk in chunks)


VECTORS = json.dumps({"model": "nomic", "embeddings": [[0.5, 1.0], [2.0, 3.0]], "prompt_eval_count": 4}).encode()


async def test_texts_are_embedded_whole_or_not_at_all():
    seen = []

    answer = await provider(VECTORS, seen).embed(call(input=["a", "b"], encoding_format="float", dimensions=2))

    msgspec.json.decode(seen[0].content, type=EmbedRequest)
    assert json.loads(seen[0].content) == {
        "model": "qwen",
        "input": ["a", "b"],
        "truncate": False,
        "keep_alive": "30m",
        "dimensions": 2,
    }
    assert [row["embedding"] for row in answer.completion["data"]] == [[0.5, 1.0], [2.0, 3.0]]
    assert answer.completion["usage"] == {"prompt_tokens": 4, "total_tokens": 4}


async def test_as_many_vectors_as_texts_or_it_is_no_answer():
    with pytest.raises(ProviderUnavailableError, match="2 embeddings for 1 texts"):
        await provider(VECTORS, []).embed(call(input="a"))


async def test_a_text_that_is_too_long_is_refused_as_that():
    refusal = b'{"error":"the input length exceeds the context length"}'

    with pytest.raises(ProviderRejectedError) as caught:
        await provider(refusal, [], 400).embed(call(input="a"))

    assert caught.value.kind == "context_length_exceeded"


async def test_a_model_that_cannot_fill_in_names_the_variable_to_set():
    refusal = b'{"error":"\\"qwen\\" does not support insert"}'

    with pytest.raises(ProviderRejectedError) as caught:
        await provider(refusal, [], 400).fill(call(prompt="a", suffix="b"))

    assert caught.value.kind == "fill_not_supported"
    assert "LOCAL_FIM_MODEL" in caught.value.message
