"""What the gateway says of an answer in response headers."""

from collections.abc import Iterable, Iterator, Sequence

from django.http import HttpResponse

from routing.engine.types import Reason
from smartgateway.completions.exchange import Exchange, tellable

MAX_REASON_BYTES = 200
JSON_FIELD = (b"content-type", b"application/json")


class Marked(HttpResponse):
    """A response with `fields` that the slim handler sends as they are: Django's own header mapping costs more."""

    fields: Sequence[tuple[bytes, bytes]] = ()

    def mark(self, exchange: Exchange) -> None:
        self.fields = fields_of(exchange)


class Whole(Marked):
    """A JSON answer. Of Django's response only the name and the content are used: its headers are always the same,
    and `fields`."""

    def __init__(self, content: bytes) -> None:
        self._container = [content]

    def all_fields(self) -> list[tuple[bytes, bytes]]:
        return [JSON_FIELD, *self.fields, (b"content-length", b"%d" % len(self._container[0]))]


def encoded(response: HttpResponse) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]


def fields_of(exchange: Exchange) -> list[tuple[bytes, bytes]]:
    decision, served, limit = exchange.routed.decision, exchange.served, exchange.rate_limit
    upstreams_own = exchange.account.upstream_request_id if exchange.account else ""
    identity = dashed(exchange.id)
    fields = [
        (b"x-request-id", identity),
        (b"x-smartgateway-decision-id", identity),
        (b"x-smartgateway-phase", decision.phase.encode()),
        (b"x-smartgateway-reason", reason_ids(decision.reasons)),
    ]
    if upstreams_own or exchange.ask.dialect == "anthropic":
        fields.append((b"request-id", ascii_of(upstreams_own) or identity))
    if served is not None:
        model = (exchange.account.response_model if exchange.account else "") or served.model
        fields += (
            (b"x-smartgateway-tier", served.name.encode() or b"none"),
            (b"x-smartgateway-model", ascii_of(model)),
            (b"x-smartgateway-provider", served.provider_name.encode()),
        )
    if limit is not None:
        fields += (
            (b"x-ratelimit-limit-requests", b"%d" % limit.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % limit.remaining),
            (b"x-ratelimit-reset-requests", b"%.0fs" % limit.reset_seconds),
        )
    if exchange.fallback_causes:
        fields.append((b"x-smartgateway-fallback", ascii_of(",".join(exchange.fallback_causes))))
    if exchange.dropped_params:
        fields.append((b"x-smartgateway-dropped-params", ascii_of(",".join(tellable(exchange.dropped_params)))))
    if exchange.ask.options.debug:
        fields += debug_fields_of(exchange)
    return fields


def dashed(identity: bytes) -> bytes:
    """A UUID as text; `str(UUID(...))` takes eight times as long."""
    digits = identity.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}".encode()


def debug_fields_of(exchange: Exchange) -> Iterator[tuple[bytes, bytes]]:
    """`-overhead-ms` counts until the first byte; `-cost-usd` stands only on whole answers."""
    yield b"x-smartgateway-policy-version", b"%d" % exchange.routed.policy.version
    yield b"x-smartgateway-overhead-ms", b"%.2f" % (exchange.overhead() * 1000)
    if exchange.is_settled and exchange.attempts and exchange.attempts[-1].cost is not None:
        yield b"x-smartgateway-cost-usd", exchange.attempts[-1].cost.encode()


def reason_ids(reasons: Iterable[Reason]) -> bytes:
    """The fired rules' ids, as many whole ones as fit."""
    text = ",".join([reason.rule for reason in reasons if reason.fired])
    return ascii_of(text if len(text) <= MAX_REASON_BYTES else text[:MAX_REASON_BYTES].rpartition(",")[0])


def ascii_of(text: str) -> bytes:
    if text.isascii() and text.isprintable():
        return text.encode()
    return "".join([c if " " <= c <= "~" else "?" for c in text]).encode()
