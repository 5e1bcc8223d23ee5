"""What each policy makes of a request, without calling a model."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from routing import connections, policies
from routing.engine.causes import cause
from routing.engine.content import matched_phrases, policy_from
from routing.engine.decide import NeedsVerdict, compute_routing_signals, decide
from routing.engine.explain import UNASKED, explain
from routing.engine.names import tier_name
from routing.engine.naming import Names
from routing.engine.telling import destination, otherwise
from routing.engine.types import Phase, Policy, RoutingDecision, RoutingRefusedError
from routing.phrases import compile_matcher
from routing.route import weighing
from smartgateway.dashboard.tried import Rule, rules_of
from smartgateway.workbench.playground.pasted import Pasted


@dataclass(frozen=True, slots=True)
class Side:
    """`problem` says why there is no decision; `auto` where it would lead without the name that was asked for."""

    title: str
    problem: str = ""
    tier: str = ""
    model: str = ""
    band: str = ""
    sentence: str = ""
    auto: str = ""
    flips: list[str] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def sides(pasted: Pasted) -> list[Side]:
    """The published policy's, then the draft's."""
    return [_published(pasted), _draft(pasted)]


def _published(pasted: Pasted) -> Side:
    try:
        policy = policies.current()
    except policies.PolicyMissingError as exc:
        return Side("Published policy", str(exc))
    return side(f"Published policy, version {policy.version}", pasted, policy)


def _draft(pasted: Pasted) -> Side:
    title, content = "The draft", policies.draft_content()
    problem = next((f"{place}: {message}" for place, message in policies.problems(content)), "")
    if problem:
        return Side(title, f"It could not be published as it is. {problem}")
    try:
        policy = policy_from(content, version=0, match=compile_matcher(matched_phrases(content)))
    except (ValueError, TypeError, KeyError, ValidationError) as exc:
        return Side(title, f"It cannot be read: {exc}")
    return side(title, pasted, policy)


def side(title: str, pasted: Pasted, policy: Policy) -> Side:
    surroundings = pasted.surroundings(connections.surroundings())
    features = pasted.features(policy)
    signals = compute_routing_signals(features, policy, surroundings)
    request, verdict = pasted.request(), pasted.verdict
    try:
        step = decision = decide(request, policy, surroundings, verdict, features, signals)
        if isinstance(step, NeedsVerdict):
            decision = decide(request, policy, surroundings, UNASKED, features, signals)
        assert isinstance(decision, RoutingDecision)  # a verdict is at hand
        ruling = weighing(policy) if decision.phase is Phase.EXPLICIT else policy
        found = explain(features, ruling, surroundings, verdict, policies.bounds())
    except RoutingRefusedError as exc:
        return Side(title, exc.message)
    texts = Names(policy).counted(features)
    why = cause(decision.tier, decision.phase, signals.band, decision.reasons, texts)
    tier = tier_name(decision, policy)
    doubt = " The classifier would be asked first." if isinstance(step, NeedsVerdict) else ""
    tried = rules_of(decision.phase, signals.band, list(decision.reasons), found, texts)
    return Side(
        title=title,
        tier=str(tier),
        model=decision.model,
        band=str(signals.band),
        sentence=f"It goes to {destination(tier, decision.model)}, because {why}.{doubt}",
        auto=destination(found.tier) if decision.phase is Phase.EXPLICIT else "",
        flips=[otherwise(flip) for flip in found.flips],
        rules=[rule for rule in tried if rule.state],
    )
