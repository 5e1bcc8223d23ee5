"""The load client tells the truth about what it saw."""

import asyncio

import pytest

from bench.load import Load, Spec
from bench.upstream import Upstream


async def load(port, connections=2, **members):
    body = {"model": "any", "messages": [], **members}
    spec = Spec(port, "/v1/chat/completions", {}, body, connections, seconds=0.2, warm_seconds=0.1)
    return await Load(spec).run()


@pytest.fixture
async def port():
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_whole_answers_are_counted_and_timed(port):
    result = await load(port)

    assert result.answers > 10
    assert result.errors == result.events == 0
    assert 0 < result.per_second <= result.answers / 0.2
    assert 0 < result.first_p50 <= result.p50 <= result.p95 <= result.p99


async def test_every_event_is_counted(port):
    result = await load(port, stream=True, max_tokens=7)

    assert result.events == result.answers * 10  # and the finish, the usage, the end


async def test_the_first_event_of_a_paced_stream_comes_before_its_end(port):
    result = await load(port, stream=True, max_tokens=10_005)

    assert result.first_p50 < 25
    assert result.p50 > 40


async def test_refusals_and_broken_connections_are_errors():
    answers = [b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy", b""]

    async def play(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    result = await load(server.sockets[0].getsockname()[1])
    server.close()

    assert result.answers == 1
    assert result.errors >= 2
    assert "503" in result.error
