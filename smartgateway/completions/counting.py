"""How many tokens a request would be: Claude's own count where Claude would answer, otherwise our estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from routing import connections
from routing.providers.anthropic import Anthropic
from routing.providers.base import ProviderError
from smartgateway.completions import calling, path
from smartgateway.completions.admission import admit
from smartgateway.completions.errors import from_provider
from smartgateway.completions.exchange import Ask


@dataclass(frozen=True, slots=True)
class Counted:
    model: str
    estimate: int = 0
    raw: bytes | None = None
    upstream_request_id: str = ""
    dropped_params: Sequence[str] = ()


async def count(ask: Ask) -> Counted:
    """Counts to the key's limit, as every call; it is no answer, so that it leaves no record."""
    await admit(ask.key)
    exchange = await path.decided(ask, ask_classifier=False)
    candidate = next(path.candidates_of(exchange))
    provider = connections.provider(candidate.provider_name)
    if not isinstance(provider, Anthropic) or exchange.routed.request.local_only:
        features = exchange.routed.features
        return Counted(candidate.model, estimate=max(1, features.estimated_tokens + features.tool_tokens))
    attempt = exchange.begin(exchange.intend(candidate))
    try:
        answer = await provider.count_tokens(calling.prepared(exchange, candidate, attempt, provider))
    except ProviderError as exc:
        raise from_provider(exc, ask.dialect) from exc
    account = answer.account
    return Counted(
        candidate.model,
        raw=answer.raw,
        upstream_request_id=account.upstream_request_id,
        dropped_params=account.dropped_params,
    )
