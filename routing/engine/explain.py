"""Why a band, and what would have changed it."""

from dataclasses import dataclass

from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.rules import apply
from routing.engine.signals import band_of, nearest
from routing.engine.types import Band, Policy, Reason, Surroundings


@dataclass(frozen=True, slots=True)
class Flip:
    """Had this rule found the opposite, the band would have been another."""

    reason: Reason
    band: Band


@dataclass(frozen=True, slots=True)
class Explanation:
    """`flips` are sorted by how little would have been enough."""

    band: Band
    fired: tuple[Reason, ...]
    near: tuple[Reason, ...]
    flips: tuple[Flip, ...]


def explain(features: Features, policy: Policy, surroundings: Surroundings) -> Explanation:
    findings = apply(Case(features, policy, surroundings))
    fired = tuple(reason for reason in findings if reason.fired)
    band = band_of(fired)
    flips = (Flip(reason, _band_had_it_differed(reason, findings)) for reason in findings)
    return Explanation(
        band=band,
        fired=fired,
        near=nearest(findings, policy),
        flips=tuple(
            sorted((flip for flip in flips if flip.band is not band), key=lambda flip: abs(flip.reason.margin))
        ),
    )


def _band_had_it_differed(turned: Reason, findings: tuple[Reason, ...]) -> Band:
    others = [reason for reason in findings if reason.fired and reason is not turned]
    return band_of(others if turned.fired else [*others, turned._replace(fired=True)])
