"""What the gateway says of an answer in response headers."""

from uuid import UUID

from django.http import HttpResponse

from smartgateway.completions.exchange import Exchange

MAX_REASON_BYTES = 200


def mark(response: HttpResponse, exchange: Exchange) -> None:
    decision, served, account = exchange.routed.decision, exchange.served, exchange.account
    identity = str(UUID(bytes=exchange.id))
    response["x-request-id"] = identity
    response["x-smartgateway-decision-id"] = identity
    response["x-smartgateway-phase"] = decision.phase
    response["x-smartgateway-reason"] = reason_ids(exchange)
    if served is not None:
        response["x-smartgateway-tier"] = served.name or "none"
        response["x-smartgateway-model"] = ascii_of((account.response_model if account else "") or served.model)
        response["x-smartgateway-provider"] = served.provider_name
    if exchange.fallback_causes:
        response["x-smartgateway-fallback"] = ascii_of(",".join(exchange.fallback_causes))
    if exchange.dropped_params:
        response["x-smartgateway-dropped-params"] = ascii_of(",".join(dict.fromkeys(exchange.dropped_params)))
    if exchange.rate_limit is not None:
        response["x-ratelimit-limit-requests"] = str(exchange.rate_limit.limit)
        response["x-ratelimit-remaining-requests"] = str(exchange.rate_limit.remaining)
        response["x-ratelimit-reset-requests"] = f"{exchange.rate_limit.reset_seconds:.0f}s"
    if exchange.ask.options.debug:
        mark_debug(response, exchange)


def mark_debug(response: HttpResponse, exchange: Exchange) -> None:
    """`-overhead-ms` counts until the first byte; `-cost-usd` stands only on whole answers."""
    response["x-smartgateway-policy-version"] = str(exchange.routed.policy.version)
    response["x-smartgateway-overhead-ms"] = f"{exchange.overhead() * 1000:.2f}"
    if exchange.is_settled and exchange.attempts and exchange.attempts[-1].cost is not None:
        response["x-smartgateway-cost-usd"] = exchange.attempts[-1].cost


def reason_ids(exchange: Exchange) -> str:
    """The fired rules' ids, as many whole ones as fit."""
    text = ",".join(reason.rule for reason in exchange.routed.decision.reasons if reason.fired)
    return ascii_of(text if len(text) <= MAX_REASON_BYTES else text[:MAX_REASON_BYTES].rpartition(",")[0])


def ascii_of(text: str) -> str:
    return text if text.isascii() and text.isprintable() else "".join(c if " " <= c <= "~" else "?" for c in text)
