import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from smartgateway.local import model, ollama, surroundings, valkey
from smartgateway.local.ollama import Ollama, look

TAGS = {
    "models": [
        {"name": "phi3:mini", "size": 2, "details": {"family": "phi3"}},
        {"name": "llama3:70b", "size": 40, "details": {"family": "llama"}},
        {"name": "nomic-embed-text:latest", "size": 90, "details": {"family": "nomic-bert"}},
        {"name": "qwen:latest", "size": 1, "details": {}},
    ]
}


@pytest.fixture
def serve():
    """A server whose every answer is the given bytes; gives its address."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_chat_models_are_found_largest_first(serve):
    found = look(serve(json.dumps(TAGS).encode()))

    assert found.chat_models == ("llama3:70b", "phi3:mini", "qwen:latest")


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"models": [{"size": 1}]}'])
def test_something_else_on_its_port_is_no_ollama(serve, answer):
    assert look(serve(answer)) is None


def test_nothing_on_its_port_is_no_ollama():
    assert look("http://127.0.0.1:9") is None


@pytest.mark.parametrize(
    ("wanted", "serving"), [("phi3:mini", "phi3:mini"), ("qwen", "qwen:latest"), ("x", "llama3:70b")]
)
def test_the_wanted_model_serves_else_the_largest(wanted, serving):
    assert Ollama(("llama3:70b", "phi3:mini", "qwen:latest")).serving(wanted) == serving


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with every embedded part and nothing else."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(ollama, "look", lambda: None)
    monkeypatch.setattr(model, "is_installed", lambda: True)
    monkeypatch.setattr(valkey, "find_server", lambda: "/usr/bin/valkey-server")
    return monkeypatch


def told(tmp_path):
    return surroundings.look().environment(18_000, tmp_path / "valkey.sock")


def test_a_bare_machine_gets_the_embedded_parts(machine, tmp_path):
    assert told(tmp_path) == {
        "LOCAL_LLM_BASE_URL": "http://127.0.0.1:18000",
        "LOCAL_LLM_KIND": "openai_compatible",
        "REDIS_URL": f"unix://{tmp_path}/valkey.sock",
    }


def test_an_ollama_with_a_chat_model_is_used(machine, tmp_path):
    machine.setattr(ollama, "look", lambda: Ollama(("phi3:mini",)))

    assert told(tmp_path)["LOCAL_LLM_BASE_URL"] == "http://127.0.0.1:11434"
    assert told(tmp_path)["LOCAL_LLM_KIND"] == "ollama"


def test_an_ollama_without_models_leaves_the_embedded_one_in_place(machine, tmp_path):
    machine.setattr(ollama, "look", Ollama)

    assert told(tmp_path)["LOCAL_LLM_KIND"] == "openai_compatible"


def test_what_is_configured_is_left_alone(machine, tmp_path):
    machine.setenv("LOCAL_LLM_BASE_URL", "http://models")
    machine.setenv("REDIS_URL", "redis://redis")

    assert told(tmp_path) == {}


def test_without_any_part_nothing_is_told(machine, tmp_path):
    machine.setattr(model, "is_installed", lambda: False)
    machine.setattr(valkey, "find_server", lambda: None)

    assert told(tmp_path) == {}
