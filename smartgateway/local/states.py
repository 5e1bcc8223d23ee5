"""What is and what is not configured, each with the next step: the last lines of the box."""

from collections.abc import Iterator

from django.conf import settings

from smartgateway.local.box import State
from smartgateway.local.door import NAME as DEMO_MODEL
from smartgateway.local.surroundings import Found


def states(found: Found) -> Iterator[State]:
    yield local(found)
    yield claude()
    yield database()
    yield redis(found)


def claude() -> State:
    if settings.ANTHROPIC_API_KEY:
        return State("Claude", True, f"{settings.DEFAULT_MODEL} and {settings.OPUS_MODEL}")
    return State("Claude", None, "the tiers sonnet and opus are off", "set ANTHROPIC_API_KEY in .env and start again")


def local(found: Found) -> State:
    wanted = settings.LOCAL_LLM_DEFAULT_MODEL
    if found.brings_model:
        words = f"{DEMO_MODEL}, built in: real, but too small for real work"
        has_ollama = "" if found.ollama else "install Ollama (ollama.com), "
        return State("Local model", True, words, f"{has_ollama}ollama pull {wanted}, and start again")
    if found.ollama:
        serving = found.ollama.serving(wanted)
        if not serving:
            return State("Local model", False, "Ollama has no chat model", f"ollama pull {wanted}")
        if serving.removesuffix(":latest") != wanted:
            return State("Local model", True, f"{serving}, the largest one in Ollama", f"ollama pull {wanted}")
        return State("Local model", True, f"{serving} in Ollama")
    if settings.LOCAL_LLM_BASE_URL:
        return State("Local model", True, f"{wanted} at {settings.LOCAL_LLM_BASE_URL}")
    return State("Local model", False, "there is none", f"install Ollama (ollama.com), then ollama pull {wanted}")


def database() -> State:
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        return State("Database", True, f"SQLite, {default['NAME']}", "for a team, set DATABASE_URL to a PostgreSQL")
    return State("Database", True, f"{default['NAME']} on {default['HOST'] or 'this machine'}")


def redis(found: Found) -> State:
    if found.valkey_server:
        return State("Redis", True, "a private server, for this run")
    if settings.REDIS_URL:
        return State("Redis", True, "the one in REDIS_URL")
    words = "none: limits hold per process, tasks run where they are called"
    return State("Redis", None, words, "install valkey-server, or set REDIS_URL, and start again")
