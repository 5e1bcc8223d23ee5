import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.providers.base import (
    Call,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from routing.providers.ollama import Ollama
from routing.tests.providers.replies import Pieces, answering, cut, outcome_of, transcript, upstream

NAMES = ("text", "tools", "tool_as_text", "crashed")
TRANSCRIPTS = {name: transcript(f"ollama/{name}.ndjson") for name in NAMES}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("weather", "ping")]


def call(content="Hi", **body):
    return Call("qwen", {"messages": [{"role": "user", "content": content}], **body}, "attempt-1")


def provider(content, status=200, **given):
    handler = answering(content, status, {"content-type": "application/x-ndjson", **given})
    return Ollama(upstream(handler), num_ctx=4096, keep_alive="5m")


async def streamed(content, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    opened = await provider(stream).stream(call(**body))
    chunks, error = await outcome_of(opened)
    for chunk in chunks:
        chunk.pop("created")
    return opened, chunks, error


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def said(*texts, **end):
    rows = [{"model": "qwen", "message": {"content": text}, "done": False} for text in texts]
    return lines(*rows, {"model": "qwen", "message": {"content": ""}, "done": True, **end})


async def test_text_is_streamed_as_it_comes():
    opened, chunks, error = await streamed(TRANSCRIPTS["text"])

    assert error is None
    assert deltas(chunks) == [{"role": "assistant", "content": "Grüße"}, {"content": " aus\u2028 世界 🌍"}, {}]
    assert chunks[-1]["choices"][0]["finish_reason"] == opened.account.finish_reason == "stop"
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("chatcmpl-attempt-1", "qwen2.5-coder:14b")}
    assert opened.account.usage == Usage(fresh_input_tokens=26, output_tokens=9)
    assert opened.account.is_complete


async def test_usage_comes_as_a_chunk_of_its_own_where_it_was_asked_for():
    _, chunks, _ = await streamed(TRANSCRIPTS["text"], stream_options={"include_usage": True})

    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 35


async def test_calls_get_ids_and_arguments_as_text_and_thinking_stays_out_of_the_content():
    opened, chunks, _ = await streamed(TRANSCRIPTS["tools"], tools=TOOLS)

    assert deltas(chunks) == [
        {"role": "assistant", "content": "", "reasoning_content": "Two calls."},
        {"content": "Looking."},
        {"tool_calls": [called(0, "call_attempt1_0", "weather", '{"city":"Oslo"}')]},
        {"tool_calls": [called(1, "call_up1", "ping", "{}")]},
        {},
    ]
    assert opened.account.finish_reason == "tool_calls"


def called(index, call_id, name, arguments):
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function", "function": function}


async def test_a_call_printed_as_text_becomes_a_call():
    opened, chunks, _ = await streamed(TRANSCRIPTS["tool_as_text"], tools=TOOLS)

    assert [called(0, "call_attempt1_0", "weather", '{"city":"Oslo"}')] == deltas(chunks)[0]["tool_calls"]
    assert "".join(delta.get("content", "") for delta in deltas(chunks)) == ""
    assert opened.account.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
        '[{"name": "weather", "parameters": {"city": "Oslo"}}]',
        '{"type": "function", "function": {"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}',
    ],
)
async def test_every_usual_way_to_print_a_call_is_recognised(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    message = answer.completion["choices"][0]["message"]
    assert message["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert message["content"] is None


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "weather", "arguments": {"city": "Oslo"}}, {"name": "ping", "arguments": {}}]',
        '<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>\n'
        '<tool_call>{"name": "ping"}</tool_call>',
    ],
    ids=["list", "marked"],
)
async def test_several_calls_printed_as_text_become_calls(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    functions = [made["function"] for made in answer.completion["choices"][0]["message"]["tool_calls"]]
    assert functions == [{"name": "weather", "arguments": '{"city":"Oslo"}'}, {"name": "ping", "arguments": "{}"}]


async def test_a_printed_call_without_its_last_brace_is_repaired():
    answer = await provider(said('{"name": "weather", "arguments": {"city": "Oslo"}')).complete(call(tools=TOOLS))

    assert answer.account.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "text", ['<tool_call>{"name": "unknown", "arguments": {}}</tool_call>', '<tool_call>{"name": "weather", "argu']
)
async def test_a_printed_call_that_cannot_be_read_fails_before_the_first_byte(text):
    _, chunks, error = await streamed(said(*text), tools=TOOLS)

    assert chunks == []
    assert (type(error), error.kind) == (ProviderRejectedError, "unreadable_tool_call")


async def test_a_full_queue_is_no_illness_and_says_when_to_come_again():
    with pytest.raises(RateLimitedError) as caught:
        await provider(b'{"error": "server busy, please try again"}', 503).stream(call())

    assert (caught.value.kind, caught.value.retry_after, caught.value.is_retryable) == ("overloaded", 5.0, False)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "unknown", "arguments": {}}',
        'I would call {"name": "weather", "arguments": {}}',
        '{"name": "weather", "arguments": {}} and then?',
        '{"name": "weather", "arguments": "Oslo"}',
        "```python\nprint(1)\n```",
        "{",
    ],
)
async def test_any_other_text_stays_text(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    assert answer.completion["choices"][0]["message"] == {"role": "assistant", "content": text}


async def test_without_tools_json_is_not_held_back():
    _, chunks, _ = await streamed(said('{"name": "weather"', "}"))

    assert [delta.get("content") for delta in deltas(chunks)] == ['{"name": "weather"', "}", None]


async def test_a_whole_answer_is_put_together():
    answer = await provider(TRANSCRIPTS["text"]).complete(call())

    assert answer.completion["object"] == "chat.completion"
    assert answer.completion["choices"][0]["message"]["content"] == "Grüße aus\u2028 世界 🌍"
    assert answer.completion["usage"]["prompt_tokens"] == 26
    assert answer.account.is_complete


@pytest.mark.parametrize(("done_reason", "expected"), [("stop", "stop"), ("length", "length"), ("load", "stop")])
async def test_the_reason_to_finish_is_one_that_openai_knows(done_reason, expected):
    opened, _, _ = await streamed(said("a", done_reason=done_reason))

    assert opened.account.finish_reason == expected


async def test_missing_counts_are_estimated_and_marked():
    opened, _, _ = await streamed(said("word " * 8, eval_count=0), messages=[{"role": "user", "content": "x" * 40}])
    both, _, _ = await streamed(said("word " * 8))

    assert opened.account.usage == Usage(fresh_input_tokens=10, output_tokens=0, is_estimated=True)
    assert both.account.usage.output_tokens == 10


LONG = "several words of text " * 400


@pytest.mark.parametrize("reason", ["load", "unload"])
async def test_the_news_of_a_model_loaded_is_not_taken_for_an_answer(reason):
    opened, chunks, error = await streamed(said(done_reason=reason))

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert not any(chunk["choices"][0]["finish_reason"] for chunk in chunks)


async def test_a_prompt_that_was_cut_is_a_failed_attempt():
    reply = said("Sure", prompt_eval_count=500, eval_count=1)

    with pytest.raises(ProviderRejectedError) as caught:
        await provider(reply).complete(call(LONG))
    _, chunks, error = await streamed(reply, messages=[{"role": "user", "content": LONG}])

    assert caught.value.kind == error.kind == "truncated"
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


@pytest.mark.parametrize(("content", "counted"), [(LONG, 1_800), (LONG, 1_400), ("Hi", 1), ("  \n" * 9_000, 40)])
async def test_a_prompt_that_was_read_whole_is_not(content, counted):
    answer = await provider(said("Sure", prompt_eval_count=counted, eval_count=1)).complete(call(content))

    assert answer.account.usage.fresh_input_tokens == counted


async def test_a_count_without_what_was_cached_is_neither_judged_nor_learnt_from():
    handler = answering(said("Sure", prompt_eval_count=40, eval_count=1))
    ollama = Ollama(upstream(handler), num_ctx=4096, keep_alive="5m", counts_whole=lambda: False)

    answers = [await ollama.complete(call(LONG)) for _ in range(2)]

    usages = [answer.account.usage for answer in answers]
    assert usages == [Usage(fresh_input_tokens=round(len(LONG) / 4), output_tokens=1, is_estimated=True)] * 2


async def test_the_estimate_learns_from_a_model_that_needs_few_tokens():
    counts = iter([1_400, 1_000, 900])
    ollama = Ollama(
        upstream(lambda request: answering(said("x", prompt_eval_count=next(counts), eval_count=1))(request)),
        num_ctx=4096,
        keep_alive="5m",
    )

    answers = [await ollama.complete(call(LONG)) for _ in range(3)]

    assert [answer.account.usage.fresh_input_tokens for answer in answers] == [1_400, 1_000, 900]


async def test_an_error_line_ends_the_stream_as_an_error():
    opened, chunks, error = await streamed(TRANSCRIPTS["crashed"])

    assert isinstance(error, ProviderUnavailableError)
    assert "unexpected EOF" in error.message
    assert deltas(chunks) == [{"role": "assistant", "content": "Well"}]
    assert not opened.account.is_complete


@pytest.mark.parametrize("name", NAMES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), with_crlf=st.booleans())
async def test_any_split_of_a_stream_gives_the_same_chunks(name, places, with_crlf):
    content = TRANSCRIPTS[name].replace(b"\n", b"\r\n") if with_crlf else TRANSCRIPTS[name]
    whole, expected, expected_error = await streamed(content, tools=TOOLS)

    opened, chunks, error = await streamed(Pieces(*cut(content, places)), tools=TOOLS)

    assert chunks == expected
    assert opened.account == whole.account
    assert type(error) is type(expected_error)


@given(st.integers(0, len(TRANSCRIPTS["text"]) - 2))
async def test_a_stream_that_ends_early_is_never_a_stop(length):
    opened, chunks, error = await streamed(TRANSCRIPTS["text"][:length])

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


@given(st.binary(max_size=300))
async def test_garbage_ends_in_an_error(garbage):
    opened, _, error = await streamed(garbage)

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete


@pytest.mark.parametrize(
    ("status", "message", "error", "kind", "hint", "is_retryable"),
    [
        (404, "model 'qwen' not found", ProviderRejectedError, "model_not_found", "ollama pull qwen", False),
        (400, "qwen does not support tools", ProviderRejectedError, "tools_not_supported", "tools", False),
        (
            400,
            "the input length exceeds the context length",
            ProviderRejectedError,
            "context_length_exceeded",
            "",
            False,
        ),
        (500, "llama runner process has terminated", ProviderUnavailableError, "server_error", "terminated", True),
    ],
    ids=["no-model", "no-tools", "too-long", "crashed"],
)
async def test_refusals_name_their_remedy(status, message, error, kind, hint, is_retryable):
    content = json.dumps({"error": message}).encode()

    with pytest.raises(error) as caught:
        await provider(content, status).stream(call())

    assert (caught.value.kind, caught.value.is_retryable) == (kind, is_retryable)
    assert hint in caught.value.message


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [
        pytest.param(302, b"", {"location": "https://team.cloudflareaccess.com/login"}, id="redirect"),
        pytest.param(200, b"<html>team.cloudflareaccess.com", {"content-type": "text/html"}, id="page"),
        pytest.param(403, b"<html>Forbidden", {"content-type": "text/html", "cf-ray": "1-OSL"}, id="service-auth"),
    ],
)
async def test_a_login_page_is_a_matter_for_the_operator(status, content, headers):
    """So it is that a token is missing, wrong or expired."""
    with pytest.raises(ProviderMisconfiguredError) as caught:
        await provider(content, status, **headers).stream(call())

    assert "Cloudflare Access" in caught.value.message
