"""The values that the engine takes and returns. Frozen, standard library only.

What is made for every request is a named tuple where it can be: a frozen dataclass takes three times as long to make.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple


class Tier(StrEnum):
    LOCAL = "local"
    SONNET = "sonnet"
    OPUS = "opus"


class Band(StrEnum):
    LOCAL = "LOCAL"
    CLAUDE = "CLAUDE"
    AMBIGUOUS = "AMBIGUOUS"


class Phase(StrEnum):
    EXPLICIT = "explicit"
    DISABLED = "disabled"
    KEYWORD = "keyword"
    HEURISTIC = "heuristic"
    LLM_CLASSIFIER = "llm_classifier"
    SESSION = "session"
    CACHE = "cache"


LADDER = (Tier.LOCAL, Tier.SONNET, Tier.OPUS)
PROVIDER_OF = {Tier.LOCAL: "local", Tier.SONNET: "anthropic", Tier.OPUS: "anthropic"}


class Reason(NamedTuple):
    """One rule's finding. `margin` is how far past its threshold it came: see `findings`."""

    rule: str
    value: float | str
    threshold: float | str
    margin: float
    points_to: Band | None = None
    fired: bool = True


class RoutingSignals(NamedTuple):
    """Phase 1. `fallback_tier` is used when Phase 2 cannot answer."""

    band: Band
    confidence: float
    reasons: tuple[Reason, ...]
    fallback_tier: Tier


class RoutingDecision(NamedTuple):
    """`tier` is None for a model outside the ladder; `score` is 0..1, how much the ask demands of a model."""

    provider: str
    model: str
    tier: Tier | None
    score: float
    reasons: tuple[Reason, ...]
    phase: Phase


@dataclass(frozen=True, slots=True)
class Verdict:
    """Phase 2's answer, or why there is none (`tier` None, `error` set)."""

    tier: Tier | None
    reason: str = ""
    error: str = ""
    model: str = ""
    cached: bool = False
    latency_ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


class RoutingRequest(NamedTuple):
    """What is to be routed, in the indoor (OpenAI) form, with what the client said of tiers.

    `requested_tier` is the header's explicit choice, `local_only` the sum of team, key and request.
    """

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    requested_model: str = ""
    requested_provider: str = ""
    requested_tier: str = ""
    min_tier: Tier | None = None
    local_only: bool = False
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A local model's capabilities; None means not probed yet. `context_tokens` is the window really loaded."""

    name: str
    loaded: bool = False
    context_tokens: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    is_demo: bool = False


class SessionState(NamedTuple):
    """A conversation that is not idle: the highest tier it used, and whether tools ran in it."""

    tier: Tier
    used_tools: bool = False
    idle_seconds: float = 0.0


class Surroundings(NamedTuple):
    """What the rules may know of the world.

    `configured`: tiers that have a provider. `available`: those of them whose breaker is closed and whose
    model is installed. `known_models`: concrete names per provider. `demo_only`: the only local model is the
    embedded one and nothing else is configured.
    """

    configured: frozenset[Tier] = frozenset(LADDER)
    available: frozenset[Tier] = frozenset(LADDER)
    local: LocalModel | None = None
    local_models: frozenset[str] = frozenset()
    anthropic_models: frozenset[str] = frozenset()
    allowed_tiers: frozenset[Tier] = frozenset(LADDER)
    classifier_ready: bool = False
    session: SessionState | None = None


class Usage(NamedTuple):
    """Five disjoint counters; None of the upstream's counts is ever in two of them."""

    fresh_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_write_5m_input_tokens: int = 0
    cache_write_1h_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0  # already within output_tokens
    is_estimated: bool = False

    @property
    def input_tokens(self) -> int:
        return (
            self.fresh_input_tokens
            + self.cache_read_input_tokens
            + self.cache_write_5m_input_tokens
            + self.cache_write_1h_input_tokens
        )


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens, to six decimals. Above `above_input_tokens` the whole request is billed by `above`.

    `per_hour` is what a machine of one's own costs while it works. `rates` are the prices in whole picodollars per
    token: fresh input, cache read, cache writes, output.
    """

    input_per_mtok: Decimal
    output_per_mtok: Decimal
    cache_read_per_mtok: Decimal
    cache_write_5m_per_mtok: Decimal
    cache_write_1h_per_mtok: Decimal
    above_input_tokens: int | None = None
    above: "Price | None" = None
    per_hour: Decimal = Decimal(0)
    rates: tuple[int, int, int, int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rates = (
            _picodollars(self.input_per_mtok),
            _picodollars(self.cache_read_per_mtok),
            _picodollars(self.cache_write_5m_per_mtok),
            _picodollars(self.cache_write_1h_per_mtok),
            _picodollars(self.output_per_mtok),
        )
        object.__setattr__(self, "rates", rates)


def _picodollars(per_mtok: Decimal) -> int:
    exact = per_mtok * 1_000_000
    if exact != int(exact):
        raise ValueError(f"{per_mtok} USD per million tokens has more than six decimals")
    return int(exact)


REMEMBERED_TEXTS = 128  # whose phrases a policy remembers, each of at most about 4,000 characters
Matcher = Callable[[str], Mapping[str, tuple[str, ...]]]
"""Text to the distinct phrases found in it, by list name. Compiled outside the engine, from `Policy.phrases`."""


@dataclass(frozen=True, slots=True)
class Alias:
    """`pattern` may end in `*`. `target` is `auto`, a tier, `haiku`, or a concrete model id."""

    pattern: str
    target: str


@lru_cache(maxsize=16_384)
def phrase_id(phrase: str) -> int:
    """Four bytes that stand for a phrase in stored features, the same in every policy."""
    return int.from_bytes(blake2b(phrase.casefold().encode(), digest_size=4).digest())


@dataclass(frozen=True, slots=True)
class Policy:
    """One published version: everything that decides, frozen."""

    version: int
    digest: str
    thresholds: Mapping[str, float]
    switches: Mapping[str, bool]
    phrases: Mapping[str, Mapping[str, float]]  # list name -> phrase -> weight
    aliases: tuple[Alias, ...]
    models: Mapping[str, str]  # local, haiku, sonnet, opus, classifier -> model id
    fallbacks: Mapping[str, tuple[str, ...]]  # a chosen tier -> tiers (or haiku) tried next, in order
    mode: str = "local_first"  # or keyword
    enabled: bool = True
    ambiguous_fallback_tier: Tier = Tier.SONNET
    match: Matcher = field(default=lambda text: {}, repr=False, compare=False)
    weights: Mapping[str, Mapping[int, float]] = field(init=False, repr=False, compare=False)  # phrases by their id
    known_ids: dict[tuple[str, tuple[str, ...]], Any] = field(init=False, repr=False, compare=False)
    known_readings: dict[int, Any] = field(init=False, repr=False, compare=False)  # by the hash of an ask
    match_again: Matcher = field(init=False, repr=False, compare=False)  # remembers: for text that comes with many asks

    def __post_init__(self) -> None:
        weights = {
            name: {phrase_id(text): float(weight) for text, weight in listed.items()}
            for name, listed in self.phrases.items()
        }
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "known_ids", {})
        object.__setattr__(self, "known_readings", {})
        object.__setattr__(self, "match_again", lru_cache(maxsize=REMEMBERED_TEXTS)(self.match))


class RoutingRefusedError(Exception):
    """The request cannot be routed as asked. `code` is the error code that the client sees."""

    code = "routing_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnknownModelError(RoutingRefusedError):
    """404: the message names the nearest known names and hints at aliases."""

    code = "model_not_found"


class ContradictionError(RoutingRefusedError):
    """400: two explicit choices that exclude each other, both named."""

    code = "contradictory_choice"


class LocalOnlyError(RoutingRefusedError):
    """403: an explicit Claude choice under `local_only`."""

    code = "local_only"


class TierNotAllowedError(RoutingRefusedError):
    """403: an explicit choice that the key or team may not use."""

    code = "tier_not_allowed"


class TierNotConfiguredError(RoutingRefusedError):
    """503, not to be retried: nothing serves what was chosen; the message names the variable to set."""

    code = "tier_not_configured"
