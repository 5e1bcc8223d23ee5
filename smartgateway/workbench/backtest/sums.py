"""What comes of a backtest: sums that can be stored half-way and gone on with, and a sample of what flipped."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from smartgateway.workbench.backtest.again import BY_NAME, REFUSED, Again, was_called
from smartgateway.workbench.backtest.costs import NOTHING, Bill
from smartgateway.workbench.backtest.counts import Counts
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
class Team:
    name: str
    tally: Tally = field(default_factory=Tally)
    counts: Counts = field(default_factory=Counts)

    def as_json(self) -> list[Any]:
        return [self.name, self.tally.as_json(), self.counts.as_json()]

    @classmethod
    def from_json(cls, name: str, tally: list[Any], counts: Sequence[int] = ()) -> "Team":
        return cls(name, Tally.from_json(tally), Counts(*counts))


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
    """`untold` are counts that an older release stored of all teams together."""

    teams: dict[int, Team] = field(default_factory=dict)
    groups: dict[tuple[int, int, str, str], tuple[Names, Tally]] = field(default_factory=dict)
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    untold: Counts = field(default_factory=Counts)
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
        team = self._team(row)
        team.tally.add(before, after, is_flipped=is_flipped, is_open=is_open)
        team.counts.add(row, found)
        if row.classifier_cost and was_called(row):
            self.asked_cost += row.classifier_cost
        if is_flipped or is_open:
            self._group(row, old, new).add(before, after, is_flipped=is_flipped, is_open=is_open)
        return (old, new) if is_flipped else None

    @property
    def total(self) -> Tally:
        """Of all teams."""
        whole = Tally()
        for team in self.teams.values():
            whole.join(team.tally)
        return whole

    @property
    def counts(self) -> Counts:
        """Of all teams."""
        whole = Counts()
        for counts in (self.untold, *(team.counts for team in self.teams.values())):
            whole.join(counts)
        return whole

    def _team(self, row: Row) -> Team:
        known = self.teams.get(row.team_id)
        if known is None:
            known = self.teams[row.team_id] = Team(row.team_name)
        return known

    def _group(self, row: Row, old: str, new: str) -> Tally:
        key, names = (row.team_id, row.key_id, old, new), (row.team_name, row.key_name)
        if key not in self.groups and len(self.groups) >= MOST_GROUPS:
            key, names = (OTHERS, OTHERS, old, new), ("others", "")
        group = self.groups.setdefault(key, (names, Tally()))
        return group[1]

    def is_wanted(self, pair: tuple[str, str], rank: int) -> bool:
        """Whether a flipped request belongs into the sample as far as it is drawn."""
        drawn = self.flips.get(pair, [])
        return len(drawn) < KEPT_OF_A_PAIR or rank < drawn[-1].rank

    def draw(self, pair: tuple[str, str], flip: Flip) -> None:
        drawn = sorted([*self.flips.get(pair, ()), flip], key=lambda each: each.rank)
        self.flips[pair] = drawn[:KEPT_OF_A_PAIR]

    def as_json(self) -> dict[str, Any]:
        return {
            "teams": [[key, *team.as_json()] for key, team in self.teams.items()],
            "groups": [[*key, *names, tally.as_json()] for key, (names, tally) in self.groups.items()],
            "matrix": [[*pair, count] for pair, count in self.matrix.items()],
            "doubts": dict(self.doubts),
            "counts": asdict(self.untold),
            "asked_cost": str(self.asked_cost),
            "flips": [[*pair, [flip.as_json() for flip in drawn]] for pair, drawn in self.flips.items()],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Sums":
        return cls(
            teams={key: Team.from_json(*team) for key, *team in kept["teams"]},
            groups=dict(_group_from(group) for group in kept["groups"]),
            matrix=Counter({(old, new): count for old, new, count in kept["matrix"]}),
            doubts=Counter(kept["doubts"]),
            untold=Counts(**kept["counts"]),
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
