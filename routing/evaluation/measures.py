"""How well a policy routes labelled requests: coverage, agreement, confusion, bands, latency, cost and quality."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean
from typing import Any

from routing.engine.types import LADDER, Band, Tier
from routing.evaluation.judging import Judged

SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


@dataclass(frozen=True, slots=True)
class Figures:
    """`graded` rows have a label. `tiers_right` are those of the decided whose tier is the label's.

    `agreeing` and `agreeing_sides` are those of all graded, with what is served where the rules are not sure.
    """

    rows: int
    graded: int
    decided: int
    decided_graded: int
    sides_right: int
    tiers_right: int
    called_local: int
    local_right: int
    agreeing: int
    agreeing_sides: int


def figures(rows: Sequence[Judged]) -> Figures:
    graded = [row for row in rows if row.label is not None]
    decided = [row for row in graded if row.is_decided]
    local = [row for row in decided if row.band is Band.LOCAL]
    return Figures(
        rows=len(rows),
        graded=len(graded),
        decided=sum(row.is_decided for row in rows),
        decided_graded=len(decided),
        sides_right=sum((row.band is Band.LOCAL) == (row.label is Tier.LOCAL) for row in decided),
        tiers_right=sum(row.tier is row.label for row in decided),
        called_local=len(local),
        local_right=sum(row.label is Tier.LOCAL for row in local),
        agreeing=sum(row.tier is row.label for row in graded),
        agreeing_sides=sum((row.tier is Tier.LOCAL) == (row.label is Tier.LOCAL) for row in graded),
    )


def grouped(rows: Iterable[Judged]) -> dict[str, list[Judged]]:
    """All rows, those with and without tools, and those of each source."""
    rows = list(rows)
    groups = {"all": rows}
    groups["with tools"] = [row for row in rows if row.has_tools]
    groups["without tools"] = [row for row in rows if not row.has_tools]
    sources: dict[str, list[Judged]] = {}
    for row in rows:
        sources.setdefault(row.source, []).append(row)
    return groups | {f"source {name}" if name in groups else name: sources[name] for name in sorted(sources)}


def confusion(rows: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Labels to what was decided; what was left open stands under AMBIGUOUS."""
    pairs = Counter((row.label, row.tier if row.is_decided else Band.AMBIGUOUS) for row in rows if row.label)
    return {label: {given: pairs[label, given] for given in (*LADDER, Band.AMBIGUOUS)} for label in LADDER}


def bands(rows: Iterable[Judged]) -> dict[str, dict[str, Any]]:
    """How right each band is: LOCAL where local is good enough, CLAUDE where it is not; AMBIGUOUS is never right."""
    found = {}
    graded = [row for row in rows if row.label]
    for band in Band:
        labels = [row.label for row in graded if row.band is band]
        local = sum(label is Tier.LOCAL for label in labels)
        right = {Band.LOCAL: local, Band.CLAUDE: len(labels) - local}.get(band)
        precision = None if right is None else _share(right, len(labels))
        found[band.value] = {"graded": len(labels), "label_local": local, "precision": precision}
    return found


def cost_quality(rows: Iterable[Judged]) -> dict[str, Any]:
    """The same requests as routed and all on one tier, where it is known how good each of these answers was.

    Opus is compared with the others only if it is known as often as they are.
    """
    known = [row for row in rows if {Tier.LOCAL, Tier.SONNET, row.tier} <= row.outcomes.keys()]
    tiers = [tier for tier in LADDER if known and all(tier in row.outcomes for row in known)]
    ways = {"as routed": [row.tier for row in known], **{f"all {tier}": [tier] * len(known) for tier in tiers}}
    return {"rows": len(known), "ways": {name: _way(known, chosen) for name, chosen in ways.items()} if known else {}}


def _way(rows: Sequence[Judged], chosen: Sequence[Tier]) -> dict[str, float | None]:
    pairs = list(zip(rows, chosen, strict=True))
    graded = [(row, tier) for row, tier in pairs if row.good_from is not None]
    good = sum(row.outcomes[tier] >= (row.good_from or 0.0) for row, tier in graded)
    cost = _total(row.costs[tier] for row, tier in pairs)
    return {
        "quality": round(fmean(row.outcomes[tier] for row, tier in pairs), 4),
        "good": _share(good, len(graded)),
        "cost_usd": None if cost is None else float(round(cost, 4)),
    }


def latency(rows: Iterable[Judged]) -> dict[str, float]:
    """Microseconds of CPU time of the thread."""
    times = sorted(row.phase1_us for row in rows)
    return {name: round(times[min(len(times) - 1, int(len(times) * share))], 1) for name, share in SHARES.items()}


def costs(rows: Sequence[Judged]) -> dict[str, Decimal | None]:
    """What the rows would cost as routed, and all on sonnet or on opus; None where a price is not known."""
    return {
        "as routed": _total(row.costs[row.tier] for row in rows),
        "all sonnet": _total(row.costs[Tier.SONNET] for row in rows),
        "all opus": _total(row.costs[Tier.OPUS] for row in rows),
    }


def _total(parts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def report(rows: Sequence[Judged]) -> dict[str, Any]:
    """Everything in plain values."""
    return {
        "groups": {name: as_shares(figures(group)) for name, group in grouped(rows).items()},
        "confusion": confusion(rows),
        "bands": bands(rows),
        "phase1_us": latency(rows),
        "cost_usd": {name: None if cost is None else float(round(cost, 4)) for name, cost in costs(rows).items()},
        "cost_quality": cost_quality(rows),
    }


def as_shares(found: Figures) -> dict[str, float | int | None]:
    return {
        "rows": found.rows,
        "graded": found.graded,
        "coverage": _share(found.decided, found.rows),
        "decided_graded": found.decided_graded,
        "accuracy_sides": _share(found.sides_right, found.decided_graded),
        "accuracy_tiers": _share(found.tiers_right, found.decided_graded),
        "agreement_sides": _share(found.agreeing_sides, found.graded),
        "agreement_tiers": _share(found.agreeing, found.graded),
        "called_local": found.called_local,
        "local_precision": _share(found.local_right, found.called_local),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
