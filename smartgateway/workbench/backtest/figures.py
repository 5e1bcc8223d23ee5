"""What the page of a backtest is made of."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


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
class Range:
    """A count or share before and after; after it lies between two ends."""

    before: float
    low: float
    high: float

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Group:
    """`coverage` and `calls` are those of a team, None where nobody counted them."""

    name: str
    requests: int
    flipped: int
    undecided: int
    unknown: int
    money: Money
    note: str = ""
    old: str = ""
    new: str = ""
    coverage: Range | None = None
    calls: Range | None = None
    query: str = ""  # that narrows the list of decisions to these


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
