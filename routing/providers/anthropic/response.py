"""What a message of Claude's says, in indoor terms; shared by whole answers and streams."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.anthropic.naming import ToolNames
from routing.providers.base import Account, ChatCompletion, ChatCompletionChunk, ProviderError, ProviderUnavailableError
from routing.providers.chunks import Chunks, Collector
from routing.providers.reply import Reply

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, AttributeError)
STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def finish_reason_of(stop_reason: object) -> str:
    """Always one that OpenAI's clients know."""
    return FINISH_REASONS.get(str(stop_reason), "stop")


class CacheCreation(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class OutputDetails(msgspec.Struct, gc=False):
    thinking_tokens: int | None = None


class Counts(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: int | None = None
    output_tokens_details: OutputDetails | None = None


def usage_of(given: Mapping[str, Any]) -> Usage:
    """Their input excludes what the cache read or wrote; writes are told apart by how long they last."""
    counts = msgspec.convert(given, Counts)
    creation = counts.cache_creation or CacheCreation()
    for_hour = creation.ephemeral_1h_input_tokens or 0
    written = counts.cache_creation_input_tokens or 0
    return Usage(
        fresh_input_tokens=counts.input_tokens or 0,
        cache_read_input_tokens=counts.cache_read_input_tokens or 0,
        cache_write_5m_input_tokens=max(creation.ephemeral_5m_input_tokens or 0, written - for_hour),
        cache_write_1h_input_tokens=for_hour,
        output_tokens=counts.output_tokens or 0,
        reasoning_tokens=(counts.output_tokens_details or OutputDetails()).thinking_tokens or 0,
    )


def refusal_of(details: object) -> str | None:
    explanation = details.get("explanation") if isinstance(details, dict) else None
    return explanation if isinstance(explanation, str) else None


def completion_of(raw: bytes, account: Account, chunks: Chunks, names: ToolNames, reply: Reply) -> ChatCompletion:
    """A whole message as a completion."""
    collector = Collector()
    try:
        message = msgspec.json.decode(raw)
        account.response_id, account.response_model = message["id"], message["model"]
        account.usage = usage_of(message["usage"])
        account.finish_reason = finish_reason_of(message["stop_reason"])
        for block in message["content"]:
            for chunk in chunks_of_block(block, chunks, names):
                collector.add(chunk)
        end = {"refusal": refusal} if (refusal := refusal_of(message.get("stop_details"))) else {}
        collector.add(chunks.delta(end, account.finish_reason))
    except UNREADABLE as exc:
        raise invalid("an answer that cannot be read", reply) from exc
    account.is_complete = True
    return collector.completion(account.usage)


def chunks_of_block(block: Mapping[str, Any], chunks: Chunks, names: ToolNames) -> Iterator[ChatCompletionChunk]:
    """Chosen by type: thinking comes first and is not content; types that are not known are left out."""
    if block["type"] == "text":
        yield chunks.delta({"content": block["text"]})
    elif block["type"] == "thinking" and block["thinking"]:
        yield chunks.delta({"reasoning_content": block["thinking"]})
    elif block["type"] == "tool_use":
        arguments = msgspec.json.encode(block["input"]).decode()
        yield chunks.tool_call(names.original(block["name"]), arguments, block["id"])


def invalid(what: str, reply: Reply) -> ProviderUnavailableError:
    return ProviderUnavailableError(
        f"{reply.label} sent {what}", kind="invalid_answer", status=reply.status, upstream_request_id=reply.request_id
    )


def failure_inside(raw: bytes, error: Mapping[str, Any], reply: Reply) -> ProviderError:
    """An error event under a 200, as the status it would have had."""
    status = STATUS_OF.get(str(error.get("type")), 500)
    return reply.failure_inside(status, raw)
