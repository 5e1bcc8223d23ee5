"""What upstreams report, what is recorded of it, and what it costs: the cases in `usage/`, whole and streamed."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from routing.engine.pricing import cost_of
from routing.engine.types import Price
from routing.prices import book_of
from routing.prices.defaults import shipped_rows
from routing.providers.anthropic import Anthropic
from routing.providers.base import Call
from routing.providers.ollama import Ollama
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.replies import answering, outcome_of, upstream

PLAIN = Price(Decimal(1), Decimal(2), Decimal("0.1"), Decimal("1.25"), Decimal(2))
EVENTS = {"content-type": "text/event-stream"}


def cases(name):
    found = yaml.safe_load((Path(__file__).parent / "usage" / f"{name}.yaml").read_text())
    return [pytest.param(case, id=case["case"]) for case in found]


def call(model, content="Hi"):
    body = {"messages": [{"role": "user", "content": content}], "max_tokens": 4_000}
    return Call(model, body, "attempt-1")


def counted(usage):
    return [
        usage.fresh_input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_5m_input_tokens,
        usage.cache_write_1h_input_tokens,
        usage.output_tokens,
    ]


def judged(account, price):
    usage = account.usage
    return counted(usage), cost_of(usage, price), usage.is_estimated


def expected(case):
    return case["tokens"], Decimal(case["cost"]), case.get("estimated", False)


def events(*payloads):
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in payloads)


def claudes_stream(case):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": case["model"], "content": []}
    ends = [{"stop_reason": None}] * (len(case["deltas"]) - 1) + [{"stop_reason": "end_turn"}]
    return events(
        {"type": "message_start", "message": {**message, "stop_reason": None, "usage": case["start"]}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        *(
            {"type": "message_delta", "delta": end, "usage": usage}
            for end, usage in zip(ends, case["deltas"], strict=True)
        ),
        {"type": "message_stop"},
    )


def claudes_answer(case):
    content = [{"type": "text", "text": "Hello"}]
    answer = {"id": "msg_1", "type": "message", "role": "assistant", "model": case["model"], "content": content}
    return json.dumps({**answer, "stop_reason": "end_turn", "usage": case["usage"]}).encode()


@pytest.mark.parametrize("case", cases("anthropic"))
async def test_claudes_usage_is_recorded_and_priced(case):
    price, _ = book_of(shipped_rows()).find("anthropic", case["model"])
    if "usage" in case:
        answer = await Anthropic(upstream(answering(claudes_answer(case)))).complete(call(case["model"]))
    else:
        answer = await Anthropic(upstream(answering(claudes_stream(case), headers=EVENTS))).stream(call(case["model"]))
        await outcome_of(answer)

    assert judged(answer.account, price) == expected(case)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", cases("openai_compatible"))
async def test_the_usage_of_a_server_that_speaks_openai_is_recorded_and_priced(case, is_stream):
    head = {"id": "chatcmpl-1", "created": 1, "model": "qwen"}
    if is_stream:
        delta = {"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        frames = [{**head, "choices": [delta]}, {**head, "choices": [end]}]
        frames.append({**head, "choices": [], "usage": case["usage"]})
        content = b"".join(f"data: {json.dumps(frame)}\n\n".encode() for frame in frames) + b"data: [DONE]\n\n"
        answer = await OpenAICompatible(upstream(answering(content, headers=EVENTS))).stream(call("qwen"))
        await outcome_of(answer)
    else:
        choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
        content = json.dumps({**head, "choices": [choice], "usage": case["usage"]}).encode()
        answer = await OpenAICompatible(upstream(answering(content))).complete(call("qwen"))

    assert judged(answer.account, PLAIN) == expected(case)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("case", cases("ollama"))
async def test_ollamas_usage_is_recorded_and_priced(case, is_stream):
    rows = [
        {"model": "qwen", "message": {"role": "assistant", "content": "a" * 60}, "done": False},
        {"model": "qwen", "message": {"content": ""}, "done": True, "done_reason": "stop", **case["usage"]},
    ]
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    server = Ollama(upstream(answering(content)), num_ctx=4096, keep_alive="5m")
    answer = await (server.stream if is_stream else server.complete)(call("qwen", "a" * 600))
    if is_stream:
        await outcome_of(answer)

    assert judged(answer.account, PLAIN) == expected(case)
