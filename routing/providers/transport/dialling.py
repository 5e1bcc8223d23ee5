"""From an address to an open socket: DNS, both address families raced (RFC 8305), TLS."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, TypeVar

import httpx

HEAD_START_SECONDS = 0.25
# A peer that vanished while it was thinking is noticed within minutes, and NATs keep the mapping.
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 5}

AddressInfo = tuple[Any, ...]
ProtocolT = TypeVar("ProtocolT", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Origin:
    host: str
    port: int
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, url: httpx.URL, tls: ssl.SSLContext) -> "Origin":
        if url.scheme not in ("http", "https") or not url.raw_host:
            raise httpx.UnsupportedProtocol(f"cannot connect to {url.scheme!r} addresses")
        is_secure = url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        return cls(url.raw_host.decode("ascii"), port, tls if is_secure else None)

    async def dial(self, protocol: Callable[[], ProtocolT], seconds: float | None) -> ProtocolT:
        """A connected protocol; raises `httpx.ConnectTimeout` or `httpx.ConnectError`."""
        try:
            async with asyncio.timeout(seconds):
                return await self._connect(protocol)
        except TimeoutError as exc:
            raise httpx.ConnectTimeout(f"no connection to {self.host}:{self.port} within {seconds} s") from exc
        except (OSError, UnicodeError) as exc:
            raise httpx.ConnectError(f"{self.host}:{self.port}: {exc}") from exc

    async def _connect(self, protocol: Callable[[], ProtocolT]) -> ProtocolT:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        sock = await first_to_connect(alternating(found))
        try:
            name = self.host if self.tls else None
            _, connected = await loop.create_connection(protocol, sock=sock, ssl=self.tls, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return connected


def alternating(found: list[AddressInfo]) -> list[AddressInfo]:
    """The resolver's order, but families taking turns."""
    first = [info for info in found if info[0] == found[0][0]]
    second = [info for info in found if info[0] != found[0][0]]
    return [info for info in chain.from_iterable(zip_longest(first, second)) if info]


async def first_to_connect(addresses: list[AddressInfo]) -> socket.socket:
    """Each address gets a head start over the next; the first open socket wins."""
    attempts: list[asyncio.Task[socket.socket]] = []
    winner: socket.socket | None = None
    try:
        for address in addresses:
            attempts.append(asyncio.create_task(open_socket(address)))
            is_last = len(attempts) == len(addresses)
            if winner := await winner_of(attempts, None if is_last else HEAD_START_SECONDS):
                return winner
    finally:
        await discard(attempts, winner)
    raise OSError("; ".join(str(attempt.exception()) for attempt in attempts))


async def winner_of(attempts: list[asyncio.Task[socket.socket]], seconds: float | None) -> socket.socket | None:
    """The first success within `seconds`; None as soon as nothing is left to wait for."""
    loop = asyncio.get_running_loop()
    deadline = None if seconds is None else loop.time() + seconds
    while pending := [attempt for attempt in attempts if not attempt.done()]:
        remaining = None if deadline is None else deadline - loop.time()
        done, _ = await asyncio.wait(pending, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        for attempt in done:
            if attempt.exception() is None:
                return attempt.result()
        if not done:
            return None
    return None


async def discard(attempts: list[asyncio.Task[socket.socket]], winner: socket.socket | None) -> None:
    for attempt in attempts:
        attempt.cancel()
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(result, socket.socket) and result is not winner:
            result.close()


async def open_socket(address: AddressInfo) -> socket.socket:
    family, kind, proto, _, sockaddr = address
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        await asyncio.get_running_loop().sock_connect(sock, sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock
