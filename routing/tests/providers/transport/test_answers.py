"""What a well-meaning but odd peer sends arrives as it was meant."""

import asyncio
import gzip
import hashlib

import pytest

from routing.tests.providers.transport.hostile import OK, answering, closing, post, send, serving

SIZED = b"HTTP/1.1 200 OK\r\nx-one: 1\r\ncontent-length: 11\r\n\r\nhello world"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-one: 1\r\n\r\n"
    b'5;name=value;other="quoted"\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: late\r\n\r\n'
)
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nx-one: 1\r\n\r\nhello world"


def in_two(answer, cut):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(answer[:cut])
        await asyncio.sleep(0.001)
        writer.write(answer[cut:])

    return handler


@pytest.mark.parametrize("answer", [SIZED, CHUNKED, UNTIL_CLOSE], ids=["sized", "chunked", "until close"])
async def test_an_answer_arrives_whole_wherever_it_is_cut(transport, answer):
    for cut in range(1, len(answer), 3):
        async with serving(in_two(answer, cut)) as server:
            response = await send(transport, server)

        assert (response.status_code, response.content, response.headers["x-one"]) == (200, b"hello world", "1")


@pytest.mark.parametrize("answer", [SIZED, CHUNKED, UNTIL_CLOSE], ids=["sized", "chunked", "until close"])
async def test_an_answer_arrives_whole_byte_by_byte(transport, answer):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        for byte in answer:
            writer.write(bytes([byte]))
            await asyncio.sleep(0)

    async with serving(handler) as server:
        response = await send(transport, server)

    assert response.content == b"hello world"


async def test_informational_answers_are_skipped(transport):
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    async with serving(answering(early + SIZED)) as server:
        first = await send(transport, server, headers={"expect": "100-continue"})
        second = await send(transport, server)

    assert (first.status_code, first.content, "link" in first.headers) == (200, b"hello world", False)
    assert (second.content, server.opened) == (b"hello world", 1)


@pytest.mark.parametrize(
    ("method", "answer", "status"),
    [
        pytest.param("HEAD", b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n", 200, id="HEAD"),
        pytest.param("POST", b"HTTP/1.1 204 No Content\r\n\r\n", 204, id="204"),
        pytest.param("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 11\r\n\r\n", 304, id="304"),
        pytest.param("POST", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200, id="empty"),
    ],
)
async def test_an_answer_without_a_body_ends_with_its_head(transport, method, answer, status):
    async with serving(answering(answer)) as server:
        responses = [await send(transport, server, None, method=method) for _ in range(2)]

    assert [(response.status_code, response.content) for response in responses] == [(status, b"")] * 2


async def test_headers_arrive_as_sent(transport):
    answer = (
        b"HTTP/1.1 429 Slow Down\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nx-latin:  \xe9 \r\ncontent-length: 0\r\n\r\n"
    )
    async with serving(answering(answer)) as server:
        response = await send(transport, server)

    assert response.status_code == 429
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert response.headers["x-latin"] == "é"
    assert response.http_version == "HTTP/1.1"


async def test_an_http_1_0_answer_ends_with_its_connection(transport):
    async with serving(closing(b"HTTP/1.0 200 OK\r\n\r\nhello")) as server:
        response = await send(transport, server)

    assert response.content == b"hello"


async def test_compressed_bodies_are_left_to_httpx(transport):
    packed = gzip.compress(b"hello world")
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    async with serving(answering(head + packed)) as server:
        response = await send(transport, server)

    assert response.content == b"hello world"


async def test_a_request_arrives_as_it_was_made(transport):
    async with serving(answering(OK)) as server:
        await send(transport, server, b'{"a": 1}', headers={"X-Two": "2"})

    head, body = server.requests[0]
    assert head.startswith(b"POST /v1/things?q=1 HTTP/1.1\r\n")
    assert b"\r\nX-Two: 2\r\n" in head
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in head
    assert body == b'{"a": 1}'


@pytest.mark.parametrize("headers", [{}, {"content-length": "6"}], ids=["chunked", "sized"])
async def test_a_streamed_request_body_arrives_whole(transport, headers):
    async def parts():
        for part in (b"one", b"", b"two"):
            await asyncio.sleep(0)
            yield part

    async with serving(answering(OK)) as server:
        responses = [await send(transport, server, parts(), headers=headers) for _ in range(2)]

    assert [response.content for response in responses] == [b"ok", b"ok"]
    assert [body for _, body in server.requests] == [b"onetwo", b"onetwo"]
    assert server.opened == 1


async def test_a_large_request_body_arrives_whole_at_a_slow_reader(transport):
    content = bytes(range(256)) * 16_384  # 4 MB
    digest = hashlib.sha256()

    async def handler(server, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        received = 0
        while received < len(content):
            part = await reader.read(65_536)
            await asyncio.sleep(0.001)
            digest.update(part)
            received += len(part)
        writer.write(OK)

    async with serving(handler) as server:
        response = await send(transport, server, content)

    assert response.content == b"ok"
    assert digest.hexdigest() == hashlib.sha256(content).hexdigest()


async def test_an_answer_that_comes_before_the_request_was_read_is_the_answer(transport):
    async def handler(server, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig")
        while await reader.read(65_536):
            pass

    async with serving(handler) as server:
        response = await send(transport, server, b"x" * 8_000_000)

    assert (response.status_code, response.content) == (413, b"big")


async def test_an_early_answer_stops_a_streamed_request_body(fast):
    sent = []

    async def parts():
        while True:
            sent.append(1)
            yield b"x" * 100_000
            await asyncio.sleep(0.001)

    async def handler(server, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig")
        while await reader.read(65_536):
            pass

    async with serving(handler) as server:
        request = post(server, parts())
        response = await fast.handle_async_request(request)

    assert response.status_code == 413
    assert len(sent) < 100
