"""Small questions to a process that is starting."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

PATIENCE_SECONDS = 2.0


def socket_accepts(path: Path) -> Callable[[], Awaitable[bool]]:
    async def question() -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except OSError:
            return False
        writer.close()
        return True

    return question


def http_answers(host: str, port: int, path: str) -> Callable[[], Awaitable[bool]]:
    """True once a GET is answered with 200."""

    async def question() -> bool:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await status(host, port, path) == 200
        except (OSError, TimeoutError, ValueError, IndexError):
            return False

    return question


async def status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()
