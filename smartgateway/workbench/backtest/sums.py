"""What comes of a backtest: sums that can be stored half-way and gone on with, and a sample of what flipped."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from routing.engine.types import Band, Phase
from smartgateway.workbench.backtest.again import BY_NAME, REFUSED, Again, was_called
from smartgateway.workbench.backtest.costs import NOTHING, Bill
from smartgateway.workbench.backtest.flips import Change
from smartgateway.workbench.backtest.rows import Row

OPEN = "open"  # where a request goes that is not decidable
KEPT_OF_A_PAIR = 5  # flipped requests in the sample, of each pair of tiers
MOST_GROUPS = 10_000
OTHERS = 0  # stands for the teams and keys beyond these
Names = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """Money of requests whose costs are known before and after; the others are counted."""

    requests: int = 0
    flipped: int = 0
    undecided: int = 0
    unknown: int = 0
    before: Decimal = NOTHING
    low: Decimal = NOTHING
    high: Decimal = NOTHING

    def add(self, before: Decimal | None, after: Bill | None, *, is_flipped: bool, is_open: bool) -> None:
        self.requests += 1
        self.flipped += is_flipped
        self.undecided += is_open
        if before is None or after is None:
            self.unknown += 1
            return
        self.before += before
        self.low += after.low
        self.high += after.high

    def join(self, other: "Tally") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_json(self) -> list[Any]:
        counts = [self.requests, self.flipped, self.undecided, self.unknown]
        return [*counts, str(self.before), str(self.low), str(self.high)]

    @classmethod
    def from_json(cls, kept: list[Any]) -> "Tally":
        return cls(*kept[:4], *map(Decimal, kept[4:]))


@dataclass(slots=True)
class Flip:
    """One request of the sample. `rank` draws it: as even as the random part of an id, and the same every time."""

    id: str
    rank: int
    team: str
    key: str
    before: str | None
    low: str | None
    high: str | None
    why: list[Change]

    def as_json(self) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]


@dataclass(slots=True)
class Sums:
    teams: dict[int, tuple[str, Tally]] = field(default_factory=dict)
    groups: dict[tuple[int, int, str, str], tuple[Names, Tally]] = field(default_factory=dict)
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    asked_cost: Decimal = NOTHING  # of the questions that were put to the classifier
    flips: dict[tuple[str, str], list[Flip]] = field(default_factory=dict)

    def add(self, row: Row, found: Again, before: Decimal | None, after: Bill | None) -> tuple[str, str] | None:
        """The pair of tiers between which the request flipped, if it did."""
        old, new = tier_of(row), goal_of(row, found)
        is_open = new == OPEN
        is_flipped = not is_open and new != old
        self.matrix[old, new] += 1
        if is_open:
            self.doubts[found.doubt] += 1
        self._team(row).add(before, after, is_flipped=is_flipped, is_open=is_open)
        if is_flipped or is_open:
            self._group(row, old, new).add(before, after, is_flipped=is_flipped, is_open=is_open)
        self._count(row, found)
        return (old, new) if is_flipped else None

    @property
    def total(self) -> Tally:
        """Of all teams."""
        whole = Tally()
        for _, tally in self.teams.values():
            whole.join(tally)
        return whole

    def _team(self, row: Row) -> Tally:
        known = self.teams.get(row.team_id)
        if known is None:
            known = self.teams[row.team_id] = (row.team_name, Tally())
        return known[1]

    def _group(self, row: Row, old: str, new: str) -> Tally:
        key, names = (row.team_id, row.key_id, old, new), (row.team_name, row.key_name)
        if key not in self.groups and len(self.groups) >= MOST_GROUPS:
            key, names = (OTHERS, OTHERS, old, new), ("others", "")
        group = self.groups.setdefault(key, (names, Tally()))
        return group[1]

    def _count(self, row: Row, found: Again) -> None:
        counts = self.counts
        is_called = was_called(row)
        if is_called:
            counts["calls_before"] += 1
            self.asked_cost += row.classifier_cost or NOTHING
        if found.is_same or not found.ways:
            return
        ways = found.ways
        is_new = row.classifier_state == ""
        calls = [way.calls for way in ways]
        if True in calls:
            counts["calls_high"] += is_called or is_new
            counts["asked_high"] += is_new
            if False not in calls:
                counts["calls_low"] += is_called or is_new
                counts["asked_low"] += is_new
        if row.phase != Phase.EXPLICIT:
            counts["weighed"] += 1
            counts["sure_before"] += row.band != Band.AMBIGUOUS
            sure = [way.band is not Band.AMBIGUOUS for way in ways]
            counts["sure_low"] += False not in sure
            counts["sure_high"] += True in sure

    def is_wanted(self, pair: tuple[str, str], rank: int) -> bool:
        """Whether a flipped request belongs into the sample as far as it is drawn."""
        drawn = self.flips.get(pair, [])
        return len(drawn) < KEPT_OF_A_PAIR or rank < drawn[-1].rank

    def draw(self, pair: tuple[str, str], flip: Flip) -> None:
        drawn = sorted([*self.flips.get(pair, ()), flip], key=lambda each: each.rank)
        self.flips[pair] = drawn[:KEPT_OF_A_PAIR]

    def as_json(self) -> dict[str, Any]:
        return {
            "teams": [[key, name, tally.as_json()] for key, (name, tally) in self.teams.items()],
            "groups": [[*key, *names, tally.as_json()] for key, (names, tally) in self.groups.items()],
            "matrix": [[*pair, count] for pair, count in self.matrix.items()],
            "doubts": dict(self.doubts),
            "counts": dict(self.counts),
            "asked_cost": str(self.asked_cost),
            "flips": [[*pair, [flip.as_json() for flip in drawn]] for pair, drawn in self.flips.items()],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Sums":
        return cls(
            teams={key: (name, Tally.from_json(tally)) for key, name, tally in kept["teams"]},
            groups=dict(_group_from(group) for group in kept["groups"]),
            matrix=Counter({(old, new): count for old, new, count in kept["matrix"]}),
            doubts=Counter(kept["doubts"]),
            counts=Counter(kept["counts"]),
            asked_cost=Decimal(kept["asked_cost"]),
            flips={(old, new): [Flip(*values) for values in drawn] for old, new, drawn in kept["flips"]},
        )


def _group_from(group: list[Any]) -> tuple[tuple[int, int, str, str], tuple[Names, Tally]]:
    team, key, old, new, team_name, key_name, tally = group
    return (team, key, old, new), ((team_name, key_name), Tally.from_json(tally))


def tier_of(row: Row) -> str:
    """What was decided, as `Way.goal` says it."""
    return REFUSED if row.phase == "explicit" and not row.model else row.tier or BY_NAME


def goal_of(row: Row, found: Again) -> str:
    if found.is_same:
        return tier_of(row)
    if found.doubt:
        return OPEN
    return found.ways[0].goal[0]
