"""What a client says of routing and recording in request headers."""

import re
from collections.abc import Mapping
from typing import Any

from routing.engine.types import Tier
from smartgateway.completions.errors import BadRequestError
from smartgateway.completions.exchange import Options

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_TAGS = 10
SESSION_HEADERS = ("HTTP_X_SESSION_ID", "HTTP_X_CLAUDE_CODE_SESSION_ID")
END_USER_HEADERS = ("HTTP_X_SMARTGATEWAY_END_USER", "HTTP_X_OPENWEBUI_USER_EMAIL", "HTTP_X_OPENWEBUI_USER_ID")
OWN_HEADERS = ("TIER", "MIN_TIER", "LOCAL_ONLY", "TAGS", "DEBUG")
READ_HEADERS = frozenset(
    (*(f"HTTP_X_SMARTGATEWAY_{name}" for name in OWN_HEADERS), *SESSION_HEADERS, *END_USER_HEADERS)
)
READ_MEMBERS = frozenset({"provider", "user"})
NO_OPTIONS = Options()


def options(meta: Mapping[str, Any], members: Mapping[str, Any]) -> Options:
    """Header values of `meta` (as Django names them) and our own or label-like members of the body."""
    if READ_HEADERS.isdisjoint(meta) and READ_MEMBERS.isdisjoint(members):
        return NO_OPTIONS
    return Options(
        tier=tier_name(meta.get("HTTP_X_SMARTGATEWAY_TIER", ""), "x-smartgateway-tier"),
        provider=provider_name(members.get("provider")),
        min_tier=min_tier(meta.get("HTTP_X_SMARTGATEWAY_MIN_TIER", "")),
        local_only=flag(meta.get("HTTP_X_SMARTGATEWAY_LOCAL_ONLY", ""), "x-smartgateway-local-only"),
        session=label(first(meta, SESSION_HEADERS)),
        end_user=label(first(meta, END_USER_HEADERS) or members.get("user")),
        tags=tags(meta.get("HTTP_X_SMARTGATEWAY_TAGS", "")),
        debug=flag(meta.get("HTTP_X_SMARTGATEWAY_DEBUG", ""), "x-smartgateway-debug"),
    )


def first(meta: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((meta[name] for name in names if meta.get(name)), "")


def label(value: object, limit: int = 128) -> str:
    """A short printable label; what a database could not store is taken out."""
    return UNPRINTABLE.sub("", value)[:limit] if isinstance(value, str) else ""


def tags(value: str) -> tuple[str, ...]:
    found = (label(tag.strip(), 64) for tag in value.split(",")) if value else ()
    return tuple(dict.fromkeys(tag for tag in found if tag))[:MAX_TAGS]


def flag(value: str, name: str) -> bool:
    if value.lower() not in ("", "0", "1", "true", "false"):
        raise BadRequestError(f"{name} is {value[:40]!r}: use 1 or 0", param=name)
    return value.lower() in ("1", "true")


def tier_name(value: str, name: str) -> str:
    if value and value not in ("auto", "haiku", *Tier):
        raise BadRequestError(f"{name} is {value[:40]!r}: use local, haiku, sonnet, opus or auto", param=name)
    return value


def min_tier(value: str) -> Tier | None:
    if not value:
        return None
    try:
        return Tier(value)
    except ValueError:
        raise BadRequestError(
            f"x-smartgateway-min-tier is {value[:40]!r}: use local, sonnet or opus", param="x-smartgateway-min-tier"
        ) from None


def provider_name(value: object) -> str:
    if value is None or value == "":
        return ""
    if value not in ("local", "anthropic"):
        raise BadRequestError(f"provider is {str(value)[:40]!r}: use local or anthropic", param="provider")
    return str(value)
