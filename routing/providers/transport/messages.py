"""The head of a request as bytes, checked: a head that disagrees with its body would mix up answers on a
kept connection."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

import httpx


class Head(NamedTuple):
    data: bytes
    is_last: bool  # `connection: close` was asked for
    is_chunked: bool
    length: int  # of the body, -1 when chunked


def render_head(request: httpx.Request, body: bytes | None) -> Head:
    """`body` is None for one that is streamed: chunked, or of the length that its header declares."""
    headers = request.headers.raw
    lines = [b": ".join(header) for header in headers]
    lines.insert(0, b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path))
    data = b"\r\n".join(lines) + b"\r\n\r\n"
    breaks = len(lines) + 1
    if data.count(b"\n") != breaks or data.count(b"\r") != breaks or b"\0" in data:
        raise httpx.LocalProtocolError("a header holds a line break or a null byte")
    lower = data.lower()
    is_last = b"\r\nconnection: close\r\n" in lower
    is_chunked = b"\r\ntransfer-encoding: chunked\r\n" in lower
    if body is None:
        return Head(data, is_last, is_chunked, -1 if is_chunked else declared_length(request))
    length = len(body)
    declared = lower.count(b"\r\ncontent-length:")
    is_exact = declared == 1 and b"\r\ncontent-length: %d\r\n" % length in lower
    if is_chunked or not (is_exact or (declared == 0 and length == 0)):
        raise httpx.LocalProtocolError("the content-length header and the body disagree")
    return Head(data, is_last, False, length)


def declared_length(request: httpx.Request) -> int:
    value = request.headers.get("content-length", "")
    if not value.isdecimal():
        raise httpx.LocalProtocolError("a streamed body needs a content-length or chunked transfer-encoding")
    return int(value)


async def framed(stream: httpx.AsyncByteStream, head: Head) -> AsyncGenerator[bytes, None]:
    """The parts of a streamed body as they go over the wire."""
    sent = 0
    async for part in stream:
        if not part:
            continue
        sent += len(part)
        if head.is_chunked:
            yield b"%x\r\n%b\r\n" % (len(part), part)
        elif sent <= head.length:
            yield part
        else:
            break
    if head.is_chunked:
        yield b"0\r\n\r\n"
    elif sent != head.length:
        raise httpx.LocalProtocolError("the content-length header and the body disagree")
