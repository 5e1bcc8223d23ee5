"""What a backtest found, as a page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from audit.presentation.words import words
from smartgateway.workbench.backtest.again import BY_NAME, CLASSIFIER, OTHER_CLASSIFIER, REFUSED, UNREADABLE
from smartgateway.workbench.backtest.costs import NOTHING
from smartgateway.workbench.backtest.flips import Change
from smartgateway.workbench.backtest.known import CUT, PHRASES, READING, TOKENS
from smartgateway.workbench.backtest.sums import OPEN, Flip, Sums, Tally

GOALS = ("local", "haiku", "sonnet", "opus", BY_NAME, REFUSED)
MOST_MOVERS = 10
MEANINGS = {
    PHRASES: "A new phrase may stand in them. Only their text can tell, and it was not recorded.",
    CUT: "They held more phrases of a list than the record keeps.",
    READING: "What the ask is at all would be read differently; only the whole request can tell.",
    TOKENS: "They lie so near the local window that a rounded token decides.",
    CLASSIFIER: "The rules would no longer be sure of them, and nobody knows what the classifier would say.",
    OTHER_CLASSIFIER: "The classifier that judged them would be another one.",
    UNREADABLE: "Nothing was recorded to decide them from, or their policy version cannot be read.",
}
CURABLE = frozenset({PHRASES})


@dataclass(frozen=True, slots=True)
class Money:
    """The difference is negative where it gets cheaper."""

    before: Decimal
    low: Decimal
    high: Decimal

    @property
    def less(self) -> Decimal:
        return self.low - self.before

    @property
    def more(self) -> Decimal:
        return self.high - self.before

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def middle(self) -> Decimal:
        return (self.less + self.more) / 2


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    requests: int
    flipped: int
    undecided: int
    unknown: int
    money: Money
    note: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    reason: str
    meaning: str
    count: int
    share: float
    is_curable: bool


@dataclass(frozen=True, slots=True)
class Flipped:
    id: UUID
    team: str
    key: str
    before: Decimal | None
    low: Decimal | None
    high: Decimal | None
    why: str


@dataclass(frozen=True, slots=True)
class Range:
    """A count or share before and after; after it lies between two ends."""

    before: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


class Shown:
    """Everything a page asks of the sums."""

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.total = sums.total
        self.exact = _percent(sums.total.requests - sums.total.undecided, sums.total.requests)
        self.flipped = _percent(sums.total.flipped, sums.total.requests)
        self.money = self._money()
        self.coverage = self._coverage()
        counts = sums.counts
        self.calls = Range(counts["calls_before"], counts["calls_low"], counts["calls_high"])

    def _money(self) -> Money:
        """With what new questions to the classifier would cost, as much as those that were asked."""
        total, counts = self.sums.total, self.sums.counts
        each = self.sums.asked_cost / counts["calls_before"] if counts["calls_before"] else NOTHING
        low, high = (each * counts[name] for name in ("asked_low", "asked_high"))
        return Money(total.before, total.low + low, total.high + high)

    def _coverage(self) -> Range:
        counts = self.sums.counts
        shares = (_percent(counts[name], counts["weighed"]) for name in ("sure_before", "sure_low", "sure_high"))
        return Range(*(share or 0.0 for share in shares))

    @property
    def columns(self) -> list[str]:
        """Only the goals that are there."""
        used = {name for pair in self.sums.matrix for name in pair}
        return [*(name for name in GOALS if name in used), *([OPEN] if OPEN in used else [])]

    @property
    def matrix(self) -> list[tuple[str, list[tuple[str, int]]]]:
        goals, matrix = self.columns, self.sums.matrix
        olds = [old for old in goals if any(matrix[old, new] for new in goals)]
        return [(old, [(new, matrix[old, new]) for new in goals]) for old in olds]

    @property
    def doubts(self) -> list[Doubt]:
        requests = self.total.requests
        return [
            Doubt(reason, MEANINGS[reason], count, _percent(count, requests) or 0.0, reason in CURABLE)
            for reason, count in self.sums.doubts.most_common()
        ]

    @property
    def teams(self) -> list[Group]:
        found = [_group(name, tally) for name, tally in self.sums.teams.values()]
        return sorted(found, key=lambda team: team.requests, reverse=True)

    @property
    def movers(self) -> list[Group]:
        """By how much money they move, and by how many requests where nothing costs anything."""
        found = [
            _group(names[0], tally, note=names[1], old=old, new=new)
            for (_, _, old, new), (names, tally) in self.sums.groups.items()
        ]
        found.sort(key=lambda group: (abs(group.money.middle), group.requests), reverse=True)
        return found[:MOST_MOVERS]

    @property
    def flips(self) -> list[tuple[str, str, list[Flipped]]]:
        pairs = sorted(self.sums.flips, key=lambda pair: self.sums.matrix[pair], reverse=True)
        return [(*pair, [_flipped(flip) for flip in self.sums.flips[pair]]) for pair in pairs]


def _group(name: str, tally: Tally, *, note: str = "", old: str = "", new: str = "") -> Group:
    money = Money(tally.before, tally.low, tally.high)
    return Group(name, tally.requests, tally.flipped, tally.undecided, tally.unknown, money, note, old, new)


def _flipped(flip: Flip) -> Flipped:
    before, low, high = (None if amount is None else Decimal(amount) for amount in (flip.before, flip.low, flip.high))
    return Flipped(UUID(flip.id), flip.team, flip.key, before, low, high, sentence(flip.why))


def sentence(why: Iterable[Change]) -> str:
    """`now deep reasoning (3, threshold 2); no longer simple task`."""
    said = []
    for how, rule, value, threshold in why:
        measures = "" if how == "no longer" or value == threshold else measured(value, threshold)
        said.append(f"{how} {words(rule)}{measures}")
    return "; ".join(said) or "another tier for what the rules leave open"


def measured(value: str, threshold: str) -> str:
    return f" ({words(value)}, threshold {threshold})" if threshold else f" ({words(value)})"


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
