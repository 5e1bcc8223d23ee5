"""What the policy chooses when the request leaves it to us: from features alone, so that it can be decided again."""

from typing import NamedTuple

from routing.engine.case import weights_of
from routing.engine.explicit import model_of
from routing.engine.features import Features
from routing.engine.limits import has_choice, held_by_session, within_limits
from routing.engine.score import score_of
from routing.engine.signals import compute_routing_signals
from routing.engine.types import (
    LADDER,
    PROVIDER_OF,
    Band,
    Phase,
    Policy,
    Reason,
    RoutingDecision,
    RoutingSignals,
    Surroundings,
    Tier,
    Verdict,
)

KEYWORD_MODE = "keyword"
OBSERVE_MODE = "observe"
OBSERVING = Reason("observing", 1.0, 1.0, 0.0)
LOCAL, SONNET, OPUS = LADDER  # an enum looks its members up each time
HEURISTIC, LLM_CLASSIFIER = Phase.HEURISTIC, Phase.LLM_CLASSIFIER
BAND_LOCAL, BAND_CLAUDE, AMBIGUOUS = Band.LOCAL, Band.CLAUDE, Band.AMBIGUOUS


class NeedsVerdict(NamedTuple):
    """Phase 1 found no answer, and Phase 2 can be asked."""

    signals: RoutingSignals
    features: Features


class _Draft(NamedTuple):
    tier: Tier
    phase: Phase
    reasons: tuple[Reason, ...] = ()


def decide_automatically(
    features: Features,
    policy: Policy,
    surroundings: Surroundings,
    verdict: Verdict | None = None,
    signals: RoutingSignals | None = None,
) -> RoutingDecision | NeedsVerdict:
    draft = _without_weighing(features, policy)
    if draft is None:
        signals = signals or compute_routing_signals(features, policy, surroundings)
        if verdict is None and _is_to_be_asked(signals, features, policy, surroundings):
            return NeedsVerdict(signals, features)
        draft = _weighed(signals, features, policy, surroundings, verdict)
        draft = _in_session(draft, signals.band, features, policy, surroundings)
    tier, limits = within_limits(draft.tier, features, surroundings)
    model, reasons = model_of(tier, policy, surroundings), draft.reasons + limits
    return RoutingDecision(PROVIDER_OF[tier], model, tier, score_of(features, policy), reasons, draft.phase)


def should_use_opus(features: Features, policy: Policy) -> bool:
    """Keyword mode: whether the newest ask names what opus is for."""
    hits = len(weights_of(features, policy, "keyword_opus"))
    return policy.switches["allow_auto_opus"] and hits >= policy.thresholds["keyword_opus_hits"]


def _without_weighing(features: Features, policy: Policy) -> _Draft | None:
    if not policy.enabled:
        return _Draft(SONNET, Phase.DISABLED, (Reason("routing_disabled", 1.0, 1.0, 0.0),))
    if policy.mode == OBSERVE_MODE:
        return _Draft(SONNET, Phase.DISABLED, (OBSERVING,))
    if policy.mode == KEYWORD_MODE:
        hits = len(weights_of(features, policy, "keyword_opus"))
        threshold = policy.thresholds["keyword_opus_hits"]
        is_opus = should_use_opus(features, policy)
        reason = Reason("keyword_opus", hits, threshold, hits - threshold, BAND_CLAUDE, is_opus)
        return _Draft(OPUS if is_opus else SONNET, Phase.KEYWORD, (reason,))
    return None


def _is_to_be_asked(signals: RoutingSignals, features: Features, policy: Policy, surroundings: Surroundings) -> bool:
    return (
        signals.band is AMBIGUOUS
        and policy.switches["ask_classifier"]
        and surroundings.classifier_ready
        and has_choice(features, surroundings)
        and held_by_session(features, policy, surroundings) is None
    )


def _weighed(
    signals: RoutingSignals, features: Features, policy: Policy, surroundings: Surroundings, verdict: Verdict | None
) -> _Draft:
    if signals.band is BAND_LOCAL:
        return _Draft(LOCAL, HEURISTIC, signals.reasons)
    if signals.band is BAND_CLAUDE:
        return _claude(HEURISTIC, signals.reasons, features, policy)
    if verdict is None or verdict.tier is None:
        return _guessed(signals, features, policy, verdict)
    reasons = (*signals.reasons, Reason("classifier", str(verdict.tier), "", 0.0))
    if verdict.tier is SONNET:
        return _claude(LLM_CLASSIFIER, reasons, features, policy)
    is_struck = verdict.tier is OPUS and not policy.switches["allow_auto_opus"]
    return _Draft(SONNET if is_struck else verdict.tier, LLM_CLASSIFIER, reasons)


def _guessed(signals: RoutingSignals, features: Features, policy: Policy, verdict: Verdict | None) -> _Draft:
    """Without an answer of Phase 2, Phase 1's best guess."""
    why = verdict.error or "no_answer" if verdict else "not_asked"
    reasons = (*signals.reasons, Reason("classifier_unavailable", why, "", 0.0))
    if signals.fallback_tier is SONNET:
        return _claude(HEURISTIC, reasons, features, policy)
    is_struck = signals.fallback_tier is OPUS and not policy.switches["allow_auto_opus"]
    return _Draft(SONNET if is_struck else signals.fallback_tier, HEURISTIC, reasons)


def _claude(phase: Phase, reasons: tuple[Reason, ...], features: Features, policy: Policy) -> _Draft:
    tier, reason = claude_tier(features, policy)
    return _Draft(tier, phase, (*reasons, reason))


def claude_tier(features: Features, policy: Policy) -> tuple[Tier, Reason]:
    """Sonnet or opus, by the score of the newest ask."""
    score, threshold = score_of(features, policy), policy.thresholds["opus_score_threshold"]
    is_opus = score >= threshold and policy.switches["allow_auto_opus"]
    reason = Reason("opus_score", score, threshold, round(score - threshold, 4), BAND_CLAUDE, is_opus)
    return (OPUS if is_opus else SONNET), reason


def _in_session(draft: _Draft, band: Band, features: Features, policy: Policy, surroundings: Surroundings) -> _Draft:
    """A conversation with Claude keeps its tier: each switch loses the prompt cache and the thread."""
    kept = held_by_session(features, policy, surroundings)
    if kept is None:
        return draft
    reason = Reason("session_floor", str(kept), str(draft.tier), 0.0)
    phase = Phase.SESSION if kept is not draft.tier or band is AMBIGUOUS else draft.phase
    return _Draft(kept, phase, (*draft.reasons, reason))
