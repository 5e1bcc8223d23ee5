"""Whether the whole prompt was read: what is counted, estimated and learnt."""

import pytest

from routing.engine.types import Usage
from routing.providers.base import ProviderRejectedError
from routing.providers.ollama import Ollama
from routing.tests.providers.ollama.asks import call, provider, said, streamed
from routing.tests.providers.replies import answering, upstream


async def test_missing_counts_are_estimated_and_marked():
    opened, _, _ = await streamed(said("word " * 8, eval_count=0), messages=[{"role": "user", "content": "x" * 40}])
    both, _, _ = await streamed(said("word " * 8))

    assert opened.account.usage == Usage(fresh_input_tokens=10, output_tokens=0, is_estimated=True)
    assert both.account.usage.output_tokens == 10


LONG = "several words of text " * 400


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
