"""One recorded decision, decided again: exactly where the record says enough, else what it might have been."""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from routing.engine.asks import Ask
from routing.engine.automatic import NeedsVerdict, decide_automatically
from routing.engine.decide import decide
from routing.engine.explicit import asked_for
from routing.engine.features import Features
from routing.engine.names import ANTHROPIC, AUTOMATIC, LOCAL, PROVIDERS, tier_name
from routing.engine.signals import compute_routing_signals
from routing.engine.types import (
    LADDER,
    Band,
    Phase,
    RoutingDecision,
    RoutingRefusedError,
    RoutingRequest,
    RoutingSignals,
    Surroundings,
    Tier,
    Verdict,
)
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.known import known
from smartgateway.workbench.backtest.rows import Row

CLASSIFIER = "the classifier was not asked"
OTHER_CLASSIFIER = "another classifier would be asked"
UNREADABLE = "nothing was recorded to decide from"
REFUSED = "refused"
BY_NAME = "by name"
REFUSALS = frozenset(error.code for error in RoutingRefusedError.__subclasses__())
CLAUDE_NAMES = frozenset(name for name, provider in PROVIDERS.items() if provider == ANTHROPIC)
ANY_VERDICT = tuple(map(Verdict, LADDER))


class Way(NamedTuple):
    """Where a request goes. `decision` is None for one that is refused; `calls` the classifier or not.

    `name` is its tier's, or `haiku`.
    """

    decision: RoutingDecision | None
    band: Band
    calls: bool = False
    name: str = ""

    @property
    def goal(self) -> tuple[str, str]:
        """The tier, or what else is to be said of it, and the model."""
        if self.decision is None:
            return REFUSED, ""
        return self.name or self.decision.tier or BY_NAME, self.decision.model


class Again(NamedTuple):
    """`ways` are all that the request might go; `doubt` says why they do not lead to one goal.

    `is_same` is what was asked for by name and stays so.
    """

    ways: list[Way]
    doubt: str = ""
    is_same: bool = False


SAME = Again([], is_same=True)
LOST = Again([], UNREADABLE)


def again(
    row: Row, features: Features, surroundings: Surroundings, difference: Difference, ask: Ask | None = None
) -> Again:
    """`ask` where its text is kept."""
    if stays(row, difference):
        return SAME
    found = known(features, difference, ask)
    ways = ways_of(row, found.features, surroundings, difference)
    is_judged = len(ways) == 1
    if found.low is not None and found.high is not None:
        ways += ways_of(row, found.low, surroundings, difference)
        ways += ways_of(row, found.high, surroundings, difference)
    if len(ways) == 1 or len({way.goal for way in ways}) == 1:
        return Again(ways)
    if found.doubt and is_judged:
        return Again(ways, found.doubt)
    return Again(ways, OTHER_CLASSIFIER if row.classifier_state else CLASSIFIER)


def was_called(row: Row) -> bool:
    """Whether the classifier was asked for this request itself."""
    return row.classifier_state in ("miss", "timeout") or row.classifier_state.startswith("error")


def stays(row: Row, difference: Difference) -> bool:
    """Asked for by name, or refused for what was asked, and read by the new policy in the same way."""
    if row.phase != Phase.EXPLICIT or difference.is_of_names:
        return False
    return row.error_type in REFUSALS or not _is_open(row)


def _is_open(row: Row) -> bool:
    """Claude was asked for without a tier."""
    return row.requested_provider.lower() in CLAUDE_NAMES and row.requested_model.lower() in AUTOMATIC


def ways_of(row: Row, features: Features, surroundings: Surroundings, difference: Difference) -> list[Way]:
    """More than one where the classifier would be asked and nobody knows what it says."""
    signals = compute_routing_signals(features, difference.new, surroundings)
    try:
        step = decided(row, features, surroundings, difference, None, signals)
        if isinstance(step, RoutingDecision):
            return [Way(step, signals.band, name=tier_name(step, difference.new))]
        judged = [
            decided(row, features, surroundings, difference, verdict, signals) for verdict in _verdicts(row, difference)
        ]
        return [Way(step, signals.band, calls=True) for step in judged if isinstance(step, RoutingDecision)]
    except RoutingRefusedError:
        return [Way(None, signals.band)]


def decided(
    row: Row,
    features: Features,
    surroundings: Surroundings,
    difference: Difference,
    verdict: Verdict | None,
    signals: RoutingSignals,
) -> RoutingDecision | NeedsVerdict:
    if row.phase != Phase.EXPLICIT and not difference.is_of_names:
        return decide_automatically(features, difference.new, surroundings, verdict, signals)
    if row.phase == Phase.EXPLICIT and row.provider_name == LOCAL:
        surroundings = surroundings._replace(local_models=frozenset({row.model}))
    request = _request(row, features, surroundings, difference)
    return decide(request, difference.new, surroundings, verdict, features, signals)


def _request(row: Row, features: Features, surroundings: Surroundings, difference: Difference) -> RoutingRequest:
    """What was asked for; a choice that neither a name nor the ask made was made by the header."""
    request = RoutingRequest((), requested_model=row.requested_model, requested_provider=row.requested_provider)
    if row.phase != Phase.EXPLICIT:
        return request
    with suppress(RoutingRefusedError):
        if asked_for(request, features, difference.old, surroundings) is None:
            return request._replace(requested_tier=row.tier or row.model)
    return request


def _verdicts(row: Row, difference: Difference) -> Iterable[Verdict]:
    if not row.classifier_state or difference.is_judged_otherwise:
        return ANY_VERDICT
    if row.classifier_tier:
        return (Verdict(Tier(row.classifier_tier)),)
    return (Verdict(None, error=row.classifier_state),)
