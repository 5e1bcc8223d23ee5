"""The head of a request as bytes, checked: a head that disagrees with its body would mix up answers on a
kept connection."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Head:
    data: bytes
    is_last: bool  # `connection: close` was asked for
    is_chunked: bool = False
    length: int = 0  # of a streamed body that is not chunked


def render_head(request: httpx.Request, body: bytes | None) -> Head:
    """`body` is None for one that is streamed: chunked, or of the length that its header declares."""
    headers = request.headers.raw
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b\r\n" % header for header in headers]
    lines.append(b"\r\n")
    data = b"".join(lines)
    if data.count(b"\n") != len(lines) or data.count(b"\r") != len(lines) or b"\0" in data:
        raise httpx.LocalProtocolError("a header holds a line break or a null byte")
    lower = data.lower()
    is_last = b"\r\nconnection: close\r\n" in lower
    is_chunked = b"\r\ntransfer-encoding: chunked\r\n" in lower
    if body is None:
        length = -1 if is_chunked else declared_length(request)
        return Head(data, is_last, is_chunked, length)
    declared = lower.count(b"\r\ncontent-length:")
    is_exact = declared == 1 and b"\r\ncontent-length: %d\r\n" % len(body) in lower
    if is_chunked or not (is_exact or (declared == 0 and not body)):
        raise httpx.LocalProtocolError("the content-length header and the body disagree")
    return Head(data, is_last)


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
