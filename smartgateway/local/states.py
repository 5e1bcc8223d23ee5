"""What is and what is not configured, and how it was found, each with the next step: the last lines of the box."""

from collections.abc import Iterator

from django.conf import settings

from smartgateway.local import looks
from smartgateway.local.box import State
from smartgateway.local.door import NAME as DEMO_MODEL
from smartgateway.local.surroundings import Found

PATIENCE_SECONDS = 2.0  # the box is waited for


def states(found: Found) -> Iterator[State]:
    asked = {"Local model": looks.local_model, "Claude": looks.claude, "Redis": looks.redis}
    if not settings.LOCAL_LLM_BASE_URL:
        del asked["Local model"]
        yield unconfigured(found)
    *local, claude, redis = looks.together(asked, PATIENCE_SECONDS)
    yield from (*local, claude, database(), redis)


def unconfigured(found: Found) -> State:
    """What `make run` takes where LOCAL_LLM_BASE_URL is empty."""
    wanted = settings.LOCAL_LLM_DEFAULT_MODEL
    if found.brings_model:
        words = f"none is configured: `make run` brings {DEMO_MODEL}, too small for real work"
        return State("Local model", None, words, f"set LOCAL_LLM_BASE_URL, or start an Ollama: ollama pull {wanted}")
    if found.ollama:
        words = f"none is configured: `make run` takes {found.ollama.serving(wanted) or 'any model'} of the Ollama here"
        return State("Local model", None, words, "make run")
    return State("Local model", False, "there is none", f"install Ollama (ollama.com), then ollama pull {wanted}")


def database() -> State:
    """Its migrations ran a moment ago."""
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        return State("Database", True, f"SQLite, {default['NAME']}", "for a team, set DATABASE_URL to a PostgreSQL")
    return State("Database", True, f"{default['NAME']} on {default['HOST'] or 'this machine'}")
