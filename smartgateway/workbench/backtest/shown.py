"""What a backtest found, as a page shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from audit.presentation.words import words
from routing.engine.telling import quoted
from smartgateway.workbench.backtest.again import BY_NAME, CLASSIFIER, OTHER_CLASSIFIER, REFUSED, UNREADABLE
from smartgateway.workbench.backtest.costs import NOTHING
from smartgateway.workbench.backtest.counts import Counts
from smartgateway.workbench.backtest.figures import Doubt, Flipped, Group, Money, Range
from smartgateway.workbench.backtest.flips import OPEN as LEFT_OPEN
from smartgateway.workbench.backtest.flips import WENT, Change
from smartgateway.workbench.backtest.known import BEFORE, PHRASES, READING, TAGS
from smartgateway.workbench.backtest.sums import OPEN, OTHERS, Flip, Sums, Tally, Team

GOALS = ("local", "haiku", "sonnet", "opus", BY_NAME, REFUSED)
MOST_MOVERS = 10
LISTED_AS = {BY_NAME: "other"}  # in the list of decisions
MEANINGS = {
    PHRASES: "A new phrase may stand in them. Only their text can tell, and it was not recorded.",
    READING: "The first word of the ask would be read differently. Only its text can tell.",
    TAGS: "Another part of what was sent may be the ask, and what it would be was not recorded.",
    BEFORE: "They were recorded by an earlier release, which kept less to decide from.",
    CLASSIFIER: "The rules would no longer be sure of them, and nobody knows what the classifier would say.",
    OTHER_CLASSIFIER: "The classifier that judged them would be another one.",
    UNREADABLE: "Nothing was recorded to decide them from, or their policy version cannot be read.",
}
CURABLE = frozenset({PHRASES, READING})  # by recorded text


class Shown:
    """Everything a page asks of the sums."""

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.total = sums.total
        self.exact = _percent(sums.total.requests - sums.total.undecided, sums.total.requests)
        self.flipped = _percent(sums.total.flipped, sums.total.requests)
        self.is_untold = sums.untold != Counts()
        counts = sums.counts
        self._each = sums.asked_cost / counts.calls_before if counts.calls_before else NOTHING
        self.money = self._money(sums.total, counts)
        self.coverage = _coverage(counts)
        self.calls = _calls(counts)

    def _money(self, tally: Tally, counts: Counts) -> Money:
        """With what new questions to the classifier would cost, as much as those that were asked."""
        return Money(
            tally.before, tally.low + self._each * counts.asked_low, tally.high + self._each * counts.asked_high
        )

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
        """The most frequent first. What an earlier release found may have reasons that are none any more."""
        requests = self.total.requests
        return [
            Doubt(reason, MEANINGS.get(reason, ""), count, _percent(count, requests) or 0.0, reason in CURABLE)
            for reason, count in self.sums.doubts.most_common()
        ]

    @property
    def teams(self) -> list[Group]:
        found = [self._team(pk, team) for pk, team in self.sums.teams.items()]
        return sorted(found, key=lambda team: team.requests, reverse=True)

    def _team(self, pk: int, team: Team) -> Group:
        group = replace(
            _group(team.name, team.tally), money=self._money(team.tally, team.counts), query=_query("team", pk)
        )
        if self.is_untold:
            return group
        return replace(group, coverage=_coverage(team.counts), calls=_calls(team.counts))

    @property
    def movers(self) -> list[Group]:
        """By how much money they move, and by how many requests where nothing costs anything."""
        found = [
            replace(_group(names[0], tally, note=names[1], old=old, new=new), query=_query("key", key, old))
            for (_, key, old, new), (names, tally) in self.sums.groups.items()
        ]
        found.sort(key=lambda group: (abs(group.money.middle), group.requests), reverse=True)
        return found[:MOST_MOVERS]

    @property
    def flips(self) -> list[tuple[str, str, list[Flipped]]]:
        pairs = sorted(self.sums.flips, key=lambda pair: self.sums.matrix[pair], reverse=True)
        return [(*pair, [_flipped(flip) for flip in self.sums.flips[pair]]) for pair in pairs]


def _query(name: str, pk: int, tier: str = "") -> str:
    """Nothing for those that stand for many."""
    return "" if pk == OTHERS else urlencode({name: pk, **({"tier": LISTED_AS.get(tier, tier)} if tier else {})})


def _coverage(counts: Counts) -> Range | None:
    """None where the rules weighed nothing."""
    if not counts.weighed:
        return None
    low, high = (100 * sure / counts.weighed for sure in (counts.sure_low, counts.sure_high))
    return Range(100 * counts.sure_before / counts.weighed, low, high)


def _calls(counts: Counts) -> Range:
    return Range(counts.calls_before, counts.calls_low, counts.calls_high)


def _group(name: str, tally: Tally, *, note: str = "", old: str = "", new: str = "") -> Group:
    money = Money(tally.before, tally.low, tally.high)
    return Group(name, tally.requests, tally.flipped, tally.undecided, tally.unknown, money, note, old, new)


def _flipped(flip: Flip) -> Flipped:
    before, low, high = (None if amount is None else Decimal(amount) for amount in (flip.before, flip.low, flip.high))
    return Flipped(UUID(flip.id), flip.team, flip.key, before, low, high, sentence(flip.why))


def sentence(why: Iterable[Sequence[Any]]) -> str:
    """`now deep reasoning (3, threshold 2), by the new “prove”; no longer simple task, without “rename”`."""
    return "; ".join(_said(Change(*kept)) for kept in why) or LEFT_OPEN


def _said(change: Change) -> str:
    is_measured = change.how != WENT and change.value != change.threshold
    said = f"{change.how} {words(change.rule)}".rstrip()
    said += measured(change.value, change.threshold) if is_measured else ""
    said += f", by the new {quoted(change.new)}" if change.new else ""
    return f"{said}, without {quoted(change.gone)}" if change.gone else said


def measured(value: str, threshold: str) -> str:
    return f" ({words(value)}, threshold {threshold})" if threshold else f" ({words(value)})"


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None
