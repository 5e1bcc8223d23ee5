"""One request on its way through the gateway: what was asked, what was decided, what was tried."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from audit import recording
from audit.records import AttemptIntent, AttemptRecord
from routing import connections
from routing.engine.types import Tier, Usage
from routing.providers.base import Account, ProviderError
from routing.route import Routed
from routing.slots import LocalSlots
from smartgateway.completions.fallback import Candidate
from smartgateway.keys.limits import RateLimit
from smartgateway.keys.snapshots import KeySnapshot

MAX_NAMES = 40
MAX_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class Options:
    """What the client says of routing and recording in headers and in our own body members."""

    tier: str = ""
    provider: str = ""
    min_tier: Tier | None = None
    local_only: bool = False
    session: str = ""
    end_user: str = ""
    tags: tuple[str, ...] = ()
    debug: bool = False


@dataclass(slots=True)
class Ask:
    """A parsed request, not to be changed. `body` is in indoor form without our own members; `raw` is as it came.

    `dropped` names what the face itself could not carry indoors.
    `headers` go to an upstream of the same dialect; `lost` names what the indoor form cannot say.
    """

    key: KeySnapshot
    face: str
    body: Mapping[str, Any]
    options: Options
    is_stream: bool
    dialect: str = "openai"
    raw: bytes = b""
    dropped: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None
    is_beta: bool = False
    lost: Callable[[], Iterable[str]] = tuple
    received_at: float = field(default_factory=time.perf_counter)


@dataclass(frozen=True, slots=True)
class Lane:
    """Local slots of their own, and how long is waited for one of them."""

    slots: LocalSlots
    wait_seconds: float


@dataclass(slots=True)
class Exchange:
    """The mutable middle of one request; settled exactly once. Times are `perf_counter` seconds."""

    ask: Ask
    routed: Routed
    session_key: str
    id: bytes = field(default_factory=recording.new_id)
    created_at: float = field(default_factory=time.time)
    rate_limit: RateLimit | None = None
    first_intent: AttemptIntent | None = None  # travels inside the decision, until its attempt begins
    attempts: list[AttemptRecord] = field(default_factory=list)
    fallback_causes: list[str] = field(default_factory=list)
    dropped_params: list[str] = field(default_factory=list)
    served: Candidate | None = None
    account: Account | None = None
    called_at: float = 0.0  # the newest attempt
    first_byte_at: float | None = None
    chunks_relayed: int = 0
    upstream_waited: float = 0.0
    is_recorded: bool = False
    is_settled: bool = False
    holds_slot: bool = False
    ask_digest: bytes = b""  # by which the ask is known again, once it is recorded
    lane: Lane | None = None  # None: the lane of chats

    def intend(self, candidate: Candidate) -> AttemptIntent:
        return AttemptIntent(
            id=recording.new_id(),
            decision_id=self.id,
            number=len(self.attempts) + 1,
            provider_name=candidate.provider_name,
            request_model=candidate.model,
            tier=candidate.name,
            started_at=time.time(),
        )

    def take_first_intent(self) -> AttemptIntent | None:
        intent, self.first_intent = self.first_intent, None
        return intent

    def skip(self, cause: str) -> None:
        """The chosen model is not called: the intent that was recorded for it ends here, with the cause."""
        intent = self.take_first_intent()
        if intent is not None:
            self.begin(intent).error_type = cause

    def begin(self, intent: AttemptIntent) -> AttemptRecord:
        attempt = AttemptRecord(
            id=intent.id,
            decision_id=self.id,
            number=intent.number,
            provider_name=intent.provider_name,
            request_model=intent.request_model,
            tier=intent.tier,
            started_at=intent.started_at,
        )
        self.attempts.append(attempt)
        return attempt

    def usage(self, *, is_complete: bool) -> Usage | None:
        """What the upstream counted; for a stream cut off or uncounted, at least a token for each chunk sent."""
        counted = self.account.usage if self.account else None
        if self.account is None or not self.chunks_relayed or (is_complete and counted is not None):
            return counted
        known = counted or Usage(fresh_input_tokens=self.routed.features.estimated_tokens)
        output_tokens = max(known.output_tokens, self.chunks_relayed)
        return known._replace(output_tokens=output_tokens, is_estimated=True)

    def overhead(self) -> float:
        """Seconds of ours until the first byte: all but the time that upstreams took."""
        first_byte = self.first_byte_at or time.perf_counter()
        return max(0.0, first_byte - self.ask.received_at - self.upstream_waited)

    def release_slot(self) -> None:
        if self.holds_slot:
            self.holds_slot = False
            (self.lane.slots if self.lane else connections.local_slots).release()


def tellable(names: Iterable[str]) -> list[str]:
    """Each once; clients make names up, and neither headers nor databases hold all of them."""
    return [plain(name) for name in islice(dict.fromkeys(names), MAX_NAMES)]


def plain(name: str) -> str:
    if len(name) <= MAX_NAME_CHARS and name.isprintable():
        return name
    return "".join(c if c.isprintable() else "?" for c in name[:MAX_NAME_CHARS])


def note_failure(attempt: AttemptRecord, exc: ProviderError, duration: float) -> None:
    exc.provider_name = attempt.provider_name
    attempt.error_type = exc.kind
    attempt.status = exc.status
    attempt.upstream_request_id = exc.upstream_request_id
    attempt.duration = duration
