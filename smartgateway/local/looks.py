"""Looks at what the gateway stands on, through the gateway's own clients: what was found, and the next step."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import redis as redis_client
from django.conf import settings

from routing import clients
from routing.capabilities.server import LocalServer
from routing.providers.base import ProviderError
from smartgateway.local import ollama, valkey
from smartgateway.local.box import State
from smartgateway.local.door import NAME as DEMO_MODEL

PATIENCE_SECONDS = 5.0
GRACE_SECONDS = 0.5
DOCTOR = "`make doctor` looks again, and waits for longer"
ACCESS = "check LOCAL_LLM_API_KEY, the user in LOCAL_LLM_BASE_URL or the LOCAL_CF_ACCESS_... token"
KIND = "check LOCAL_LLM_BASE_URL and LOCAL_LLM_KIND"
T = TypeVar("T")


def local_model(patience_seconds: float = PATIENCE_SECONDS) -> State:
    """Of the server in LOCAL_LLM_BASE_URL."""
    local = clients.open_local()
    assert local is not None
    wanted, address = settings.LOCAL_LLM_DEFAULT_MODEL, settings.LOCAL_LLM_BASE_URL
    server = outcome_of(local.scout.look(wanted), local.provider.aclose, patience_seconds)
    if isinstance(server, LocalServer):
        return serving(server, wanted, address)
    next_step = f"start the server at {address}, or change LOCAL_LLM_BASE_URL"
    if isinstance(server, ProviderError) and server.kind not in ("connect_failed", "timeout", "broken_off"):
        next_step = ACCESS if server.status in (401, 403) else KIND
    return State("Local model", False, reason(server), next_step)


def serving(server: LocalServer, wanted: str, address: str) -> State:
    name = server.serving(wanted)
    if name == DEMO_MODEL:
        words = f"{DEMO_MODEL}, built in: real, but too small for real work"
        has_ollama = "" if ollama.look() else "install Ollama (ollama.com), "
        return State("Local model", True, words, f"{has_ollama}ollama pull {wanted}, and start again")
    if not server.notes:
        return State("Local model", True, f"{name} at {address}")
    words, _, next_step = server.notes[0].rpartition(": ")
    return State("Local model", name in server.models, f"{words} (at {address})", next_step)


def claude(patience_seconds: float = PATIENCE_SECONDS) -> State:
    """Of the API in ANTHROPIC_BASE_URL, which is asked for its models: that costs nothing."""
    api = clients.open_anthropic()
    if api is None:
        return State(
            "Claude", None, "the tiers sonnet and opus are off", "set ANTHROPIC_API_KEY in .env and start again"
        )
    models = outcome_of(api.scout.list_models(), api.provider.aclose, patience_seconds)
    if isinstance(models, ProviderError | TimeoutError):
        is_refused = isinstance(models, ProviderError) and models.status in (401, 403)
        next_step = "check ANTHROPIC_API_KEY" if is_refused else "check the network and ANTHROPIC_BASE_URL"
        return State("Claude", False, reason(models), next_step)
    served = (settings.DEFAULT_MODEL, settings.OPUS_MODEL)
    if unknown := [name for name in served if name not in models]:
        words = f"the key is accepted, but no {' or '.join(unknown)} is listed"
        return State("Claude", False, words, "check DEFAULT_MODEL and OPUS_MODEL")
    return State("Claude", True, f"the key is accepted for {' and '.join(served)}")


def redis(patience_seconds: float = PATIENCE_SECONDS) -> State:
    """Of the server in REDIS_URL."""
    if not settings.REDIS_URL:
        without = "limits hold per process, tasks run where they are called"
        if valkey.find_server():
            return State("Redis", None, f"none is configured: `make run` starts a private one, else {without}")
        return State("Redis", None, f"none: {without}", "install valkey-server, or set REDIS_URL, and start again")
    is_private = settings.REDIS_URL.startswith("unix://")
    try:
        with redis_client.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=patience_seconds, socket_timeout=patience_seconds
        ) as server:
            server.ping()
    except (redis_client.RedisError, ValueError) as error:
        log = Path(urlsplit(settings.REDIS_URL).path).with_name("valkey.log")
        next_step = f"its own words stand in {log}" if is_private else "check REDIS_URL and the server"
        return State("Redis", False, f"cannot be used: {error}", next_step)
    return State("Redis", True, "a private server answers" if is_private else "answers")


def outcome_of(
    asking: Awaitable[T], close: Callable[[], Awaitable[None]], patience_seconds: float
) -> T | ProviderError | TimeoutError:
    async def outcome() -> T | ProviderError | TimeoutError:
        try:
            async with asyncio.timeout(patience_seconds):
                return await asking
        except (ProviderError, TimeoutError) as error:
            return error
        finally:
            await close()

    return asyncio.run(outcome())


def reason(error: ProviderError | TimeoutError) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    cause = error.__cause__
    return f"{error.message} ({str(cause) or type(cause).__name__})" if cause else error.message


def together(looks: Mapping[str, Callable[[float], State]], patience_seconds: float) -> list[State]:
    """At once, and waited for no longer than that: the search for a host's address cannot be ended from outside."""
    found: dict[str, State] = {}

    def look(name: str) -> None:
        found[name] = looks[name](patience_seconds)

    threads = [threading.Thread(target=look, args=(name,), daemon=True) for name in looks]
    deadline = time.monotonic() + patience_seconds + GRACE_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [found.get(name) or State(name, False, "does not answer in time", DOCTOR) for name in looks]
