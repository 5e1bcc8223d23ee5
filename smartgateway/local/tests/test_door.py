"""The door before the embedded model, with llama.cpp's server played by a transport that waits."""

import asyncio
import json
from contextlib import suppress

import httpx
import pytest

from smartgateway.local.door import CONTEXT_TOKENS, QUEUE, Door

MESSAGES = [{"role": "user", "content": "hello"}]


class Answer(httpx.AsyncByteStream):
    async def __aiter__(self):
        yield b'{"choices": []}'


class Llama(httpx.AsyncBaseTransport):
    """Answers a completion once it may; remembers what it was asked."""

    def __init__(self, prompt_tokens=10):
        self.prompt_tokens = prompt_tokens
        self.may_answer = asyncio.Event()
        self.asked = []
        self.at_work = self.most_at_work = self.given_up = 0

    async def handle_async_request(self, request):
        body = json.loads(request.content)
        if request.url.path == "/apply-template":
            return httpx.Response(200, json={"prompt": "hello"})
        if request.url.path == "/tokenize":
            return httpx.Response(200, json={"tokens": [1] * self.prompt_tokens})
        self.asked.append(body)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.at_work -= 1
        return httpx.Response(200, headers={"content-type": "application/json"}, stream=Answer())


@pytest.fixture
def llama():
    return Llama()


@pytest.fixture
async def door(llama):
    async with httpx.AsyncClient(transport=llama, base_url="http://llama") as client:
        yield Door(client)


async def ask(door, receive=None, **body):
    """The status and the body of the answer, over the bare ASGI interface."""
    sent = []

    async def request():
        return {"type": "http.request", "body": json.dumps({"messages": MESSAGES, **body}).encode()}

    waits = asyncio.Event()
    messages = iter([request, receive or waits.wait])

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions"}
    await door(scope, lambda: next(messages, waits.wait)(), send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def turns():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_is_answered_at_a_time_and_a_caller_beyond_the_queue_is_sent_away(door, llama):
    callers = [asyncio.create_task(ask(door)) for _ in range(QUEUE + 1)]
    await turns()

    status, body = await ask(door)
    llama.may_answer.set()

    assert (status, json.loads(body)["error"]["code"]) == (503, "busy")
    assert [status for status, _ in await asyncio.gather(*callers)] == [200] * (QUEUE + 1)
    assert llama.most_at_work == 1


async def test_a_prompt_that_is_too_long_is_refused_at_once_even_when_all_are_waiting(door, llama):
    waiting = [asyncio.create_task(ask(door)) for _ in range(QUEUE + 1)]
    await turns()
    llama.prompt_tokens = CONTEXT_TOKENS

    status, body = await ask(door)

    assert status == 400
    assert f"The prompt has {CONTEXT_TOKENS} tokens" in json.loads(body)["error"]["message"]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_caller_who_hangs_up_gives_the_turn_to_the_next(door, llama):
    gone = asyncio.Event()

    async def hang_up():
        await gone.wait()
        return {"type": "http.disconnect"}

    first = asyncio.create_task(ask(door, hang_up))
    second = asyncio.create_task(ask(door))
    await turns()
    gone.set()
    await turns()
    llama.may_answer.set()

    assert (await second)[0] == 200
    assert llama.given_up == 1
    with suppress(IndexError):  # nothing was sent to the first
        await first


async def test_the_answer_is_kept_within_the_window(door, llama):
    llama.prompt_tokens = CONTEXT_TOKENS - 50
    llama.may_answer.set()

    await ask(door, max_completion_tokens=900, temperature=1.5, logit_bias={"1": 2})

    assert llama.asked[0]["max_tokens"] == 50
    assert llama.asked[0]["temperature"] == 1.5
    assert "logit_bias" not in llama.asked[0]
