"""Whole answers, passed on or told in indoor form."""

import gzip

import msgspec

from routing.engine.types import Usage
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.openai_compatible.asks import RAW, WHOLE, call, streamed
from routing.tests.providers.replies import answering, upstream


async def test_a_whole_answer_passes_as_bytes_with_its_account_read():
    provider = OpenAICompatible(upstream(answering(WHOLE, headers={"x-request-id": "up-1"})))

    answer = await provider.complete(call(RAW))

    assert answer.raw == WHOLE
    account = answer.account
    assert (account.response_id, account.response_model, account.finish_reason) == ("chatcmpl-9", "qwen", "stop")
    assert account.usage == Usage(fresh_input_tokens=10, output_tokens=2, reasoning_tokens=1)
    assert account.upstream_request_id == "up-1"
    assert account.is_complete


async def test_an_answer_without_usage_is_estimated_rather_than_zero():
    content = b'{"id":"1","model":"m","choices":[{"finish_reason":"stop","message":{"content":"Hello there"}}]}'
    provider = OpenAICompatible(upstream(answering(content)))

    answer = await provider.complete(call(RAW))

    assert answer.account.usage == Usage(fresh_input_tokens=2, output_tokens=3, is_estimated=True)


async def test_reasoning_has_one_name_indoors_whatever_the_server_calls_it():
    whole = b'{"id":"1","model":"m","choices":[{"finish_reason":"stop","message":{"content":"A","reasoning":"B"}}]}'
    first = b'data: {"id":"1","model":"m","choices":[{"delta":{"reasoning":"B"}}]}\n\n'
    last = b'data: {"id":"1","model":"m","choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    answer = await OpenAICompatible(upstream(answering(whole))).complete(call())
    _, chunks, _ = await streamed(first + last, raw=None)

    assert answer.completion["choices"][0]["message"]["reasoning_content"] == "B"
    assert chunks[0]["choices"][0]["delta"] == {"reasoning_content": "B"}


async def test_a_compressed_answer_is_understood_though_none_was_asked_for():
    content = gzip.compress(WHOLE)
    provider = OpenAICompatible(upstream(answering(content, headers={"content-encoding": "gzip"})))

    answer = await provider.complete(call(RAW))

    assert msgspec.json.decode(answer.raw)["id"] == "chatcmpl-9"
