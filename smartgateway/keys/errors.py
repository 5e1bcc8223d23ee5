"""Why a client is not let in. The faces give each its status."""


class KeyRefusedError(Exception):
    """401: no such key, or one that was revoked or has expired."""


class KeysUnavailableError(Exception):
    """503: whether the key is good cannot be said now."""


class RateLimitExceededError(Exception):
    """429: `retry_after` is in seconds, `limit` in requests per minute."""

    def __init__(self, retry_after: float, limit: int) -> None:
        super().__init__(f"This API key may send {limit} requests per minute; try again in {retry_after:.0f} s.")
        self.retry_after = retry_after
        self.limit = limit
