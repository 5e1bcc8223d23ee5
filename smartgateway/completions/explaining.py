"""Why a request went where it went: for one that was just decided, and for one in the record."""

from typing import Any, NamedTuple

from audit.models import RoutingDecision
from routing import policies
from routing.engine.explain import Explanation, explain
from routing.engine.features import Features
from routing.engine.naming import Named, Names, Texts
from routing.engine.types import Phase, Policy, Reason, RoutingRefusedError, Surroundings, Tier, Usage, Verdict
from routing.route import Routed, weighing
from smartgateway.completions.remembered import made_from
from smartgateway.completions.savings import claude_usage

ANSWERED = frozenset({"hit", "miss"})


class Recalled(NamedTuple):
    """What a recorded decision was made from."""

    features: Features
    surroundings: Surroundings
    verdict: Verdict | None


class NamesOfThen:
    """The phrases of recorded requests, each as its own policy version had them; a version is looked up once."""

    def __init__(self) -> None:
        self._names: dict[int, Names | None] = {}

    def of(self, version: int) -> Names | None:
        """None for a version that cannot be read."""
        if version not in self._names:
            policy = policies.published(version)
            self._names[version] = Names(policy) if policy else None
        return self._names[version]

    def counted(self, decision: RoutingDecision) -> Texts:
        """Those that count; none where nobody can tell them."""
        names, recalled = self.of(decision.policy_version), recall(decision)
        return names.counted(recalled.features) if names and recalled else {}

    def named(self, decision: RoutingDecision) -> Named | None:
        names, recalled = self.of(decision.policy_version), recall(decision)
        return names.named(recalled.features) if names and recalled else None


def explanation_of(routed: Routed) -> Explanation | None:
    """Of what `auto` would have chosen, where the request asked for something by name."""
    return _explanation(routed.decision.phase, routed.features, routed.policy, routed.surroundings, routed.verdict)


def explanation_again(decision: RoutingDecision) -> Explanation | None:
    """Decided again under the policy of then; None where what it was made from is not kept."""
    recalled, policy = recall(decision), policies.published(decision.policy_version)
    if recalled is None or policy is None:
        return None
    return _explanation(decision.phase, recalled.features, policy, recalled.surroundings, recalled.verdict)


def claude_usage_again(decision: RoutingDecision, usage: Usage) -> Usage | None:
    """What Claude would have counted of a local answer, as its baselines took it; None where that cannot be told."""
    recalled, policy = recall(decision), policies.published(decision.policy_version)
    if recalled is None or policy is None:
        return None
    return claude_usage(recalled.features, policy, usage)


def _explanation(
    phase: str, features: Features, policy: Policy, surroundings: Surroundings, verdict: Verdict | None
) -> Explanation | None:
    ruling = weighing(policy) if phase == Phase.EXPLICIT else policy
    try:
        return explain(features, ruling, surroundings, verdict, policies.bounds())
    except RoutingRefusedError:
        return None


def recall(decision: RoutingDecision) -> Recalled | None:
    try:
        return Recalled(*made_from(bytes(decision.features)), verdict_of(decision))
    except ValueError:
        return None


def verdict_of(decision: RoutingDecision) -> Verdict | None:
    state = decision.classifier_state
    if not state:
        return None
    tier = Tier(decision.classifier_tier) if decision.classifier_tier else None
    return Verdict(tier, error="" if state in ANSWERED else state)


def reasons_of(stored: list[list[Any]]) -> list[Reason]:
    """Reasons as the record holds them, as the engine has them."""
    return [Reason(*reason) for reason in stored]
