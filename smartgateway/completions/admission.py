"""May this key ask now? A refusal is an outcome of a recorded decision."""

from smartgateway.completions.errors import GatewayError
from smartgateway.keys import limits
from smartgateway.keys.errors import RateLimitExceededError
from smartgateway.keys.limits import RateLimit
from smartgateway.keys.snapshots import KeySnapshot


async def admit(key: KeySnapshot) -> RateLimit:
    try:
        return await limits.admit(key)
    except RateLimitExceededError as exc:
        raise GatewayError(
            429,
            "rate_limit_exceeded",
            f"This key may ask {exc.limit} times a minute. Try again in {exc.retry_after:.0f} s.",
            type="rate_limit_error",
            retry_after=exc.retry_after,
        ) from exc
