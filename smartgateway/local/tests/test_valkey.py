import subprocess
import time

import pytest
import redis

from smartgateway.local import valkey


def test_an_installed_server_is_preferred(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "redis-server" else None)

    assert valkey.find_server() == "/usr/bin/redis-server"


def test_without_any_package_there_is_none(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert valkey.find_server() is None


def test_the_carried_server_answers_on_its_socket_alone(tmp_path):
    path = tmp_path / "v.sock"
    process = subprocess.Popen(valkey.command(valkey.carried_server(), path, tmp_path), stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(unix_socket_path=str(path)) as server:
            wait_for(server)
            assert server.config_get("port") == {"port": "0"}
            assert server.config_get("save") == {"save": ""}
            assert path.stat().st_mode & 0o777 == 0o700
    finally:
        process.terminate()
        process.wait(10)
    assert list(tmp_path.glob("*.rdb")) == []


def wait_for(server):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            return server.ping()
        except redis.ConnectionError:
            time.sleep(0.02)
    pytest.fail("the server did not start")
