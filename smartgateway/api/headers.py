"""What the gateway says of an answer in response headers."""

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpResponse

from smartgateway.completions.exchange import Exchange

MAX_REASON_BYTES = 200


class Marked(HttpResponse):
    """A response with `fields` that the slim handler sends as they are: Django's own header mapping costs more."""

    fields: tuple[tuple[bytes, bytes], ...] = ()

    def mark(self, exchange: Exchange) -> None:
        self.fields = tuple((name, value.encode()) for name, value in fields_of(exchange))


def fields_of(exchange: Exchange) -> Iterator[tuple[bytes, str]]:
    decision, served, account = exchange.routed.decision, exchange.served, exchange.account
    identity = str(UUID(bytes=exchange.id))
    yield b"x-request-id", identity
    yield b"x-smartgateway-decision-id", identity
    yield b"x-smartgateway-phase", decision.phase
    yield b"x-smartgateway-reason", reason_ids(exchange)
    if served is not None:
        yield b"x-smartgateway-tier", served.name or "none"
        yield b"x-smartgateway-model", ascii_of((account.response_model if account else "") or served.model)
        yield b"x-smartgateway-provider", served.provider_name
    if exchange.fallback_causes:
        yield b"x-smartgateway-fallback", ascii_of(",".join(exchange.fallback_causes))
    if exchange.dropped_params:
        yield b"x-smartgateway-dropped-params", ascii_of(",".join(dict.fromkeys(exchange.dropped_params)))
    if exchange.rate_limit is not None:
        yield b"x-ratelimit-limit-requests", str(exchange.rate_limit.limit)
        yield b"x-ratelimit-remaining-requests", str(exchange.rate_limit.remaining)
        yield b"x-ratelimit-reset-requests", f"{exchange.rate_limit.reset_seconds:.0f}s"
    if exchange.ask.options.debug:
        yield from debug_fields_of(exchange)


def debug_fields_of(exchange: Exchange) -> Iterator[tuple[bytes, str]]:
    """`-overhead-ms` counts until the first byte; `-cost-usd` stands only on whole answers."""
    yield b"x-smartgateway-policy-version", str(exchange.routed.policy.version)
    yield b"x-smartgateway-overhead-ms", f"{exchange.overhead() * 1000:.2f}"
    if exchange.is_settled and exchange.attempts and exchange.attempts[-1].cost is not None:
        yield b"x-smartgateway-cost-usd", exchange.attempts[-1].cost


def reason_ids(exchange: Exchange) -> str:
    """The fired rules' ids, as many whole ones as fit."""
    text = ",".join(reason.rule for reason in exchange.routed.decision.reasons if reason.fired)
    return ascii_of(text if len(text) <= MAX_REASON_BYTES else text[:MAX_REASON_BYTES].rpartition(",")[0])


def ascii_of(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(c if " " <= c <= "~" else "?" for c in text)
