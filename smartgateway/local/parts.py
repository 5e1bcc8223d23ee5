"""The parts of `make run`, from the ones that others need to the ones that need others."""

import socket
import sys
from pathlib import Path

from django.conf import settings

from smartgateway.local import valkey
from smartgateway.local.readiness import http_answers, socket_accepts
from smartgateway.local.supervisor import Part
from smartgateway.local.surroundings import Found
from smartgateway.local.worker import DRAIN_SECONDS

QUIET = {"PYTHONWARNINGS": "ignore"}  # Celery's twelve lines about running as root, which containers do
CELERY = (sys.executable, "-m", "celery", "--quiet", "--app", "smartgateway")


def parts(found: Found, model_listener: socket.socket, valkey_socket: Path) -> list[Part]:
    own = []
    if found.valkey_server:
        command = valkey.command(found.valkey_server, valkey_socket, valkey_socket.parent)
        own.append(Part("valkey", command, is_ready=socket_accepts(valkey_socket)))
    if found.brings_model:
        handed_down, port = model_listener.fileno(), model_listener.getsockname()[1]
        command = [sys.executable, "-m", "smartgateway.local.model", "--fd", str(handed_down)]
        is_ready = http_answers("127.0.0.1", port, "/health")
        own.append(Part("model", command, is_ready=is_ready, pass_fds=(handed_down,), is_vital=False))
    needs = tuple(part.name for part in own)
    return [*own, web(needs), *background(needs)]


def host() -> str:
    """Where to ask what listens on HOST."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)


def url() -> str:
    name = host()
    return f"http://{f'[{name}]' if ':' in name else name}:{settings.PORT}"


def web(needs: tuple[str, ...]) -> Part:
    return Part(
        "web",
        (sys.executable, "manage.py", "serve"),
        needs=needs,
        is_ready=http_answers(host(), settings.PORT, "/health/ready"),
        grace_seconds=DRAIN_SECONDS + 35,  # serving processes, then the shipper
    )


def background(needs: tuple[str, ...]) -> list[Part]:
    """Nobody waits for them. The worker only where there is a queue: without Redis, beat runs the tasks itself."""
    schedule = str(settings.VAR_DIR / "celerybeat-schedule")
    beat_command = (*CELERY, "beat", "--loglevel=WARNING", "--pidfile=", "--schedule", schedule)
    beat = Part("beat", beat_command, needs=needs, after=("web",))
    if not settings.REDIS_URL:
        return [beat]
    worker = (*CELERY, "worker", "--loglevel=WARNING", "--pool=threads", "--concurrency=2")
    return [Part("worker", worker, environment=QUIET, needs=needs, after=("web",)), beat]
