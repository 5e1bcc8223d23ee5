"""Bodies that are too large, that stall, or that come slowly, alone and many at once."""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from smartgateway.api.body import STALL_SECONDS
from tests.bad_input.bodies import BODIES, MB, head_of
from tests.bad_input.refusals import HIGHEST_MB, PATIENCE_SECONDS, PROMPT_SECONDS, TRIES, highest_mb


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("head", [b"content-length: 40000000", b"transfer-encoding: chunked"], ids=["told", "untold"])
def test_forty_megabytes_are_refused_before_all_of_them_came(served, path, head):
    waits = []
    while not waits or (min(waits) >= PROMPT_SECONDS and len(waits) < TRIES):
        answer, seconds = sent_endlessly(served.port, path, head, 40 * MB)
        waits.append(seconds)

        assert answer.startswith(b"HTTP/1.1 413")
        assert b"request_too_large" in answer or path == "/v1/messages"
    assert min(waits) < PROMPT_SECONDS


def sent_endlessly(port, path, head, size):
    """A body of blanks, sent until the gateway answers; as much of the answer as comes, and how long after it came."""
    chunk = b"%x\r\n%s\r\n" % (MB, b" " * MB) if b"chunked" in head else b" " * MB
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as line:
        line.sendall(head_of(path, head))
        try:
            for _ in range(size // MB):
                line.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        sent_at = time.monotonic()
        answer = answer_on(line)
        return answer, time.monotonic() - sent_at


def answer_on(line):
    """Head and body may come apart, and the connection may be reset behind them or stay open."""
    answer = b""
    with suppress(ConnectionResetError):
        while not answer.endswith(b"}") and (part := line.recv(10_000)):
            answer += part
    return answer


async def test_bodies_that_stall_are_ended_on_every_face(served):
    answers = await asyncio.gather(*(dripped(served, path, [b'{"model": '], 100) for path in BODIES))

    assert [status for status, _ in answers] == [b"408"] * len(BODIES)
    assert min(seconds for _, seconds in answers) >= STALL_SECONDS - 1
    assert max(seconds for _, seconds in answers) < STALL_SECONDS + PATIENCE_SECONDS


async def test_a_body_that_takes_longer_but_goes_on_is_waited_for(served):
    body = json.dumps(BODIES["/v1/chat/completions"]).encode()
    parts = [body[at : at + 16] for at in range(0, len(body), 16)]

    status, seconds = await dripped(served, "/v1/chat/completions", parts, len(body), every=STALL_SECONDS / 4)

    assert status == b"200"
    assert seconds > STALL_SECONDS


async def dripped(served, path, parts, length, every=0.0):
    """The status that a body sent in parts gets, and after how long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    started_at = time.monotonic()
    try:
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            writer.write(head_of(path, b"content-length: %d" % length))
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(every)
            answer = await reader.read(10_000)
    finally:
        writer.close()
    return answer.split(b" ", 2)[1], time.monotonic() - started_at


def test_many_large_and_stalled_bodies_at_once_hold_up_nobody_and_little_memory(client, served):
    stalled = [socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) for _ in range(50)]
    for line in stalled:
        line.sendall(head_of("/v1/messages", b"content-length: 1000") + b'{"model"')
    with ThreadPoolExecutor(6) as pool:
        sending = [
            pool.submit(sent_endlessly, served.port, path, b"transfer-encoding: chunked", 40 * MB)
            for path in (*BODIES, *BODIES)
        ]
        meanwhile = client.post("/v1/chat/completions", json=BODIES["/v1/chat/completions"])
        answers = [each.result()[0] for each in sending]
    for line in stalled:
        line.close()

    assert meanwhile.status_code == 200
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"413"}
    assert highest_mb(served) < HIGHEST_MB
