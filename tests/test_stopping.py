"""SIGTERM while answers are running: they finish, nobody new is let in, nothing is lost."""

import asyncio
import signal

import httpx
import pytest

from smartgateway.local.tests.processes import descendants, is_alive
from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, is_refused, wait_until

LONG = "[[say:one two three four five six seven eight nine ten]][[drip:0.12]]"


@pytest.fixture
def served(tmp_path):
    with (
        serving(AnthropicDouble()) as url,
        gateway.running(tmp_path, ANTHROPIC_API_KEY="sk-ant-test", ANTHROPIC_BASE_URL=url) as running,
    ):
        yield running


async def test_running_answers_finish_while_new_ones_are_refused(served):
    parts = descendants(served.process.pid)

    async with asyncio.timeout(30), httpx.AsyncClient(base_url=served.url, timeout=30) as client:
        begun = [asyncio.Event() for _ in range(3)]
        streams = [asyncio.create_task(read(client, each)) for each in begun]
        whole = asyncio.create_task(ask(client, "[[slow:0.8]]"))
        await asyncio.gather(*(each.wait() for each in begun))
        served.signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: is_refused(served.port), "new connections are refused", 2)
        unfinished = [stream for stream in streams if not stream.done()]
        contents = await asyncio.gather(*streams)
        answer = await whole

    assert unfinished
    assert [content.endswith(b"data: [DONE]\n\n") for content in contents] == [True] * 3
    assert answer.status_code == 200
    assert await asyncio.to_thread(served.wait) == 0
    assert not any(map(is_alive, parts))
    assert served.rows("SELECT status FROM audit_outcome") == [("answered",)] * 4
    assert served.verified()["waiting"] == 0


@pytest.mark.long
async def test_an_answer_that_outlasts_the_drain_is_cut_off_and_recorded(served):
    async with httpx.AsyncClient(base_url=served.url, timeout=60) as client:
        has_begun = asyncio.Event()
        stream = asyncio.create_task(read(client, has_begun, "[[say:one two three four five six]][[drip:9]]"))
        await has_begun.wait()
        served.signal(signal.SIGTERM)
        status = await asyncio.to_thread(served.wait)
        with pytest.raises(httpx.RemoteProtocolError):
            await stream

    assert status == 0
    assert served.rows("SELECT status, error_type FROM audit_outcome") == [("aborted", "gateway_stopped")]
    assert served.verified()["waiting"] == 0


async def read(client, has_begun, text=LONG):
    content = b""
    body = {"model": "sonnet", "messages": [{"role": "user", "content": text}], "stream": True}
    async with client.stream("POST", "/v1/chat/completions", json=body, headers={"x-api-key": KEY}) as response:
        async for data in response.aiter_raw():
            content += data
            has_begun.set()
    return content


async def ask(client, text):
    body = {"model": "sonnet", "messages": [{"role": "user", "content": text}]}
    return await client.post("/v1/chat/completions", json=body, headers={"x-api-key": KEY})
