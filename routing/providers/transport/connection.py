"""One HTTP/1.1 connection: an asyncio protocol that feeds httptools and fills the exchange that holds it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from routing.providers.transport.deadline import Deadline
from routing.providers.transport.endings import end_error, is_framed, protocol_error
from routing.providers.transport.exchange import Exchange
from routing.providers.transport.messages import Head

if TYPE_CHECKING:
    from routing.providers.transport.pool import Pool

MAX_HEAD_BYTES = 65_536  # also of trailers and chunk extensions: whatever comes without a byte of body
HIGH_WATER_BYTES = 131_072  # unread by the consumer: stop reading from the peer


class EndOfAnswer(Exception):  # noqa: N818 (a signal to the parser, not an error)
    """Stops the parser."""


class Connection(asyncio.Protocol):
    def __init__(self, pool: Pool, loop: asyncio.AbstractEventLoop) -> None:
        self.pool = pool
        self.loop = loop
        self.exchange: Exchange | None = None
        self.is_open = False
        self.is_reused = False
        self.is_ended_by_peer = False
        self.is_write_paused = False
        self._is_read_paused = False
        self._is_kept = False  # as both heads allow
        self._is_last = False
        self._has_begun = False  # a message, be it a 1xx
        self._headers: list[tuple[bytes, bytes]] = []
        self._bodiless_bytes = 0
        self._unsent = 0
        self._deadline = Deadline(loop, self._too_late)
        self.expect = self._deadline.expect

    def begin(self, exchange: Exchange, head: Head) -> None:
        if not self.is_open:  # closed by the peer in the turn of the loop that opened it
            raise httpx.RemoteProtocolError("the peer closed without an answer")
        self.exchange = exchange
        self._is_last = head.is_last
        self._headers = []
        self._bodiless_bytes = 0

    def write(self, data: bytes) -> None:
        self._transport.write(data)
        if self.is_write_paused:
            self._unsent = self._transport.get_write_buffer_size()

    def resume(self) -> None:
        if self._is_read_paused:
            self._is_read_paused = False
            self._transport.resume_reading()

    def close(self, error: Exception) -> None:
        """Close the socket at once; an exchange in progress ends with `error`."""
        if not self.is_open:
            return
        self.is_open = False
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.fail(error)
        self._deadline.cancel()
        self._transport.abort()
        self.pool.lost(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = HttpResponseParser(self)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        exchange = self.exchange
        if exchange is None:
            self.close(httpx.RemoteProtocolError("bytes that nobody asked for"))
            return
        exchange.is_answered = True
        self._bodiless_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self._is_kept = False
            if not exchange.is_complete:
                self.close(protocol_error(exc))
                return
        if exchange.is_complete:
            self._finish(exchange)
        elif self._bodiless_bytes > MAX_HEAD_BYTES:
            self.close(httpx.RemoteProtocolError("the answer's head is too large"))
        elif exchange.status:
            exchange.wake()
            if exchange.buffered > HIGH_WATER_BYTES and not self._is_read_paused:
                self._is_read_paused = True
                self._transport.pause_reading()
        elif self._has_begun and not exchange.is_writing:
            self.expect(exchange.read_timeout)

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)
        del self._parser  # it holds our methods

    def pause_writing(self) -> None:
        self.is_write_paused = True

    def resume_writing(self) -> None:
        self.is_write_paused = False
        if self.exchange is not None:
            self.exchange.wake()

    def on_message_begin(self) -> None:
        if self.exchange is None or self.exchange.is_complete:
            raise httpx.RemoteProtocolError("a second answer to one request")
        self._has_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value.rstrip()))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        headers, self._headers = self._headers, []
        if self._bodiless_bytes > MAX_HEAD_BYTES and sum(len(n) + len(v) for n, v in headers) > MAX_HEAD_BYTES:
            raise httpx.RemoteProtocolError("the answer's head is too large")
        if status < 200:
            if status < 100:
                raise httpx.RemoteProtocolError(f"status {status} in the answer's head")
            return
        exchange = cast(Exchange, self.exchange)
        exchange.status = status
        exchange.headers = headers
        self._is_kept = self._parser.should_keep_alive() and not self._is_last
        if exchange.is_bodiless:  # the parser would wait for a body: neither it nor the connection is used again
            exchange.is_complete = True
            raise EndOfAnswer

    def on_body(self, body: bytes) -> None:
        exchange = self.exchange
        assert exchange is not None
        exchange.chunks.append(body)
        exchange.buffered += len(body)
        self._bodiless_bytes = 0

    def on_message_complete(self) -> None:
        exchange = cast(Exchange, self.exchange)
        self._has_begun = False
        if exchange.status:
            exchange.is_complete = True

    def _finish(self, exchange: Exchange) -> None:
        """The answer is whole: the exchange lets go, and the connection is free or closed."""
        exchange.connection = self.exchange = None
        exchange.wake()
        self.resume()
        if self._is_kept and exchange.is_sent and not self._transport.get_write_buffer_size():
            self.is_reused = True
            self.pool.release(self)
        else:
            self.close(httpx.ReadError("not kept"))

    def _end(self, exc: Exception | None) -> None:
        """The peer is gone: the end of the answer, if only this could end it."""
        if not self.is_open:
            return
        self.is_ended_by_peer = True
        exchange = self.exchange
        if exchange is not None and exc is None and exchange.status and not is_framed(exchange.headers):
            exchange.is_complete = True
            self._is_kept = False
            self._finish(exchange)
        else:
            self.close(end_error(exchange, exc))

    def _too_late(self) -> None:
        exchange = self.exchange
        if exchange is None:
            self.close(httpx.ReadError("not used for too long"))
        elif not exchange.is_waiting:
            return  # the consumer is busy: its next wait sets a new deadline
        elif not exchange.is_writing:
            self.close(httpx.ReadTimeout("the peer was silent for too long"))
        elif (unsent := self._transport.get_write_buffer_size()) < self._unsent:
            self._unsent = unsent
            self.expect(exchange.write_timeout)
        else:
            self.close(httpx.WriteTimeout("the peer reads nothing of the request"))
