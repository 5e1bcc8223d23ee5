"""How an answer ends, and what it is called in httpx's words when it ends badly."""

import httpx

from routing.providers.transport.exchange import Exchange


def is_framed(headers: list[tuple[bytes, bytes]]) -> bool:
    """Says the head itself where the body ends? Otherwise the connection's end is the body's."""
    return any(
        name.lower() == b"content-length" or (name.lower() == b"transfer-encoding" and b"chunked" in value.lower())
        for name, value in headers
    )


def protocol_error(exc: Exception) -> httpx.RemoteProtocolError:
    """The parser's complaint, or our own from within a callback of the parser."""
    if isinstance(exc.__context__, httpx.RemoteProtocolError):
        return exc.__context__
    error = httpx.RemoteProtocolError(str(exc) or repr(exc))
    error.__cause__ = exc
    return error


def end_error(exchange: Exchange | None, exc: Exception | None) -> httpx.TransportError:
    error: httpx.TransportError
    if exc is None and exchange is not None and exchange.status:
        error = httpx.RemoteProtocolError("the peer closed in the middle of its answer")
    elif exc is None:
        error = httpx.RemoteProtocolError("the peer closed without an answer")
    elif exchange is not None and not exchange.is_sent:
        error = httpx.WriteError(f"sending broke off: {exc}")
    else:
        error = httpx.ReadError(f"the connection broke: {exc}")
    error.__cause__ = exc
    return error
