"""What an upstream's refusal means, in our error tree."""

import re
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from routing.providers.base import (
    ProviderError,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
)

SHORT_RETRY_AFTER_SECONDS = 5.0
MESSAGE_LIMIT = 2_000
TOO_LONG = re.compile(
    r"context[ _](length|window|size)|prompt( is)? too long|too many (input )?tokens|maximum context|exceed_context"
    r"|maximum number of tokens",
    re.IGNORECASE,
)
LIMIT = re.compile(r"anthropic-ratelimit-[a-z0-9-]{1,60}")
LIMIT_VALUE = re.compile(r"[ -~]{1,80}")
MAX_LIMITS = 40
KIND = re.compile(r"[A-Za-z_]{1,64}")
NOT_IMPLEMENTED = 501  # llama.cpp's word for what it was not started for, or its model cannot do
OVERLOADED = 529
GAVE_UP = 524  # Cloudflare's word for 100 s without a byte: the model is still at work, another try only adds to it


def failure_of(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    label: str,
    request_id: str = "",
    secrets: Sequence[str] = (),
) -> ProviderError:
    """The error for an answer that is not one: any status but 200, or a page where JSON was expected.

    The upstream's words go to clients and logs: those of `secrets` that it repeats are taken out,
    and the body is then not passed on.
    """
    if status < 400 or status == GAVE_UP or is_page(headers, body):
        return page_failure(status, headers, body, label, request_id)
    kind, message, details = read_error(body, secrets)
    told: dict[str, Any] = {"status": status, "upstream_request_id": request_id}
    if status not in (401, 402, 403) and not any(secret.encode() in body for secret in secrets):
        told["body"] = body
    if status in (401, 402, 403):
        word = "billing" if status == 402 else "not_authorized"
        return ProviderMisconfiguredError(f"{label} refuses our access ({status})", kind=word, **told)
    if status in (429, OVERLOADED):
        return limited(kind, message, details, headers, label, told)
    if (status >= 500 and status != NOT_IMPLEMENTED) or status == 408:
        text = f"{label} failed ({status}): {message or 'no reason given'}"
        wait = retry_after_seconds(headers)
        return ProviderUnavailableError(
            text, kind=kind or "server_error", retry_after=wait, is_retryable=is_short(wait), **told
        )
    return ProviderRejectedError(
        message or f"{label} refuses the request ({status})", kind=refusal(status, kind, message), **told
    )


def refusal(status: int, kind: str, message: str) -> str:
    if TOO_LONG.search(kind) or TOO_LONG.search(message):
        return "context_length_exceeded"
    if status == 404:
        return "model_not_found"
    if status == 413:
        return "request_too_large"
    return kind or "rejected"


def limited(
    kind: str, message: str, details: Mapping[str, Any], headers: Mapping[str, str], label: str, told: dict[str, Any]
) -> RateLimitedError:
    """429 and 529. A spend limit that the operator set is not over in a moment: no hint to try again."""
    told["limits"] = limits_in(headers)
    if details.get("error_code") == "enforced_spend_limit_reached":
        return RateLimitedError(message, kind="spend_limit_reached", **told)
    wait = retry_after_seconds(headers)
    is_overload = told["status"] == OVERLOADED
    return RateLimitedError(
        message or f"{label} is busy",
        kind="overloaded" if is_overload else "rate_limited",
        retry_after=wait,
        is_retryable=is_short(wait) if is_overload else wait is not None and is_short(wait),
        **told,
    )


def limits_in(headers: Mapping[str, str]) -> dict[str, str]:
    found = [pair for pair in headers.items() if LIMIT.fullmatch(pair[0]) and LIMIT_VALUE.fullmatch(pair[1])]
    return dict(found[:MAX_LIMITS])


def is_short(wait: float | None) -> bool:
    return wait is None or wait <= SHORT_RETRY_AFTER_SECONDS


def is_page(headers: Mapping[str, str], body: bytes) -> bool:
    return headers.get("content-type", "").startswith("text/html") or body.lstrip()[:1] == b"<"


def page_failure(status: int, headers: Mapping[str, str], body: bytes, label: str, request_id: str) -> ProviderError:
    """A login page, a redirect, or the error page of something in between."""
    told: dict[str, Any] = {"status": status, "upstream_request_id": request_id or headers.get("cf-ray", "")}
    if "cloudflareaccess.com" in headers.get("location", "") or b"cloudflareaccess" in body.lower():
        what = f"{label} is behind Cloudflare Access and our service token was not accepted"
        return ProviderMisconfiguredError(what, kind="cloudflare_access", **told)
    if status == 413:
        return ProviderRejectedError(f"{label} refuses a body of this size", kind="request_too_large", **told)
    if status == GAVE_UP:
        what = f"{label} was silent for longer than the tunnel in front of it waits"
        return ProviderTimeoutError(what, kind="timeout", **told)
    if status >= 500:
        what = f"a proxy in front of {label} answered with a page ({status})"
        return ProviderUnavailableError(what, kind="server_error", is_retryable=True, **told)
    if status == 429:
        wait = retry_after_seconds(headers)
        return RateLimitedError(f"{label} is busy", kind="rate_limited", retry_after=wait, **told)
    hint = " (a Cloudflare Access policy answers like this)" if "cf-ray" in headers else ""
    what = f"{label} answered with a page or a redirect instead of JSON ({status}){hint}: check its address and access"
    return ProviderMisconfiguredError(what, kind="html_answer", **told)


def read_error(body: bytes, secrets: Sequence[str]) -> tuple[str, str, Mapping[str, Any]]:
    """Kind, message and details out of any of the shapes in use: OpenAI's, Anthropic's, Ollama's, vLLM's.

    The kind is recorded, so it has to be a word: not a text, which may be the request's.
    """
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "", "", {}
    error = parsed.get("error", parsed) if isinstance(parsed, dict) else parsed
    if isinstance(error, str):
        return "", without(secrets, error)[:MESSAGE_LIMIT], {}
    if not isinstance(error, dict):
        return "", "", {}
    code, kind, message, details = (error.get(name) for name in ("code", "type", "message", "details"))
    word = code if isinstance(code, str) and code else kind  # OpenAI's code says more than its type
    return (
        word if isinstance(word, str) and KIND.fullmatch(word) else "",
        without(secrets, message)[:MESSAGE_LIMIT] if isinstance(message, str) else "",
        details if isinstance(details, dict) else {},
    )


def without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "[removed]")
    return text


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`retry-after-ms`, or `retry-after` as seconds or as a date."""
    milliseconds, after = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        if after is None:
            return None
        if after.strip().replace(".", "", 1).isdigit():
            return float(after)
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return None
