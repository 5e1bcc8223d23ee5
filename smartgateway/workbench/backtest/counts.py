"""How many requests the rules are sure of, and how many are put to the classifier, before and after."""

from dataclasses import dataclass
from operator import attrgetter

from routing.engine.types import Band, Phase
from smartgateway.workbench.backtest.again import Again, Way, was_called
from smartgateway.workbench.backtest.rows import Row


@dataclass(slots=True)
class Counts:
    """`low` and `high` bound what nobody knows. `asked` are calls of requests that were no question before."""

    weighed: int = 0
    sure_before: int = 0
    sure_low: int = 0
    sure_high: int = 0
    calls_before: int = 0
    calls_low: int = 0
    calls_high: int = 0
    asked_low: int = 0
    asked_high: int = 0

    def add(self, row: Row, found: Again) -> None:
        is_called = was_called(row)
        self.calls_before += is_called
        if found.is_same or not found.ways:
            return
        self._add_calls(row, found.ways, is_called=is_called)
        if row.phase != Phase.EXPLICIT:
            self._add_sure(row, found.ways)

    def _add_calls(self, row: Row, ways: list[Way], *, is_called: bool) -> None:
        calls = [way.calls for way in ways]
        if True not in calls:
            return
        is_new = row.classifier_state == ""
        self.calls_high += is_called or is_new
        self.asked_high += is_new
        if False not in calls:
            self.calls_low += is_called or is_new
            self.asked_low += is_new

    def _add_sure(self, row: Row, ways: list[Way]) -> None:
        sure = [way.band is not Band.AMBIGUOUS for way in ways]
        self.weighed += 1
        self.sure_before += row.band != Band.AMBIGUOUS
        self.sure_low += False not in sure
        self.sure_high += True in sure

    def join(self, other: "Counts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_json(self) -> list[int]:
        return list(VALUES(self))


VALUES = attrgetter(*Counts.__slots__)
