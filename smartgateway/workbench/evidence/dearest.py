"""The most expensive ambiguous requests: of all teams and of each, whatever they asked and where that is kept."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from smartgateway.workbench.evidence.model import EvidenceDay

DEAREST = 10
UNKNOWN = Decimal(-1)  # a cost that is not known comes last

Priced = list[str]  # a cost and the id of a decision, as they are stored


class Dearest:
    """Of one day, while they are gathered."""

    def __init__(self) -> None:
        self._lists: dict[str, list[Priced]] = {}

    def add(self, cost: Decimal, identity: UUID, team_id: int, *, is_kept: bool) -> None:
        for team in (0, team_id):
            for name in {list_name(team, is_kept=False), list_name(team, is_kept=is_kept)}:
                self._lists[name] = dearest([*self._lists.get(name, ()), [str(cost), str(identity)]])

    def content(self) -> dict[str, list[Priced]]:
        return self._lists


def list_name(team_id: int, *, is_kept: bool) -> str:
    """0 stands for all teams; those whose text is kept stand in both lists."""
    return f"{'kept' if is_kept else 'any'}_{team_id}"


def dearest(priced: Iterable[Priced]) -> list[Priced]:
    return sorted(priced, key=lambda one: (Decimal(one[0]), one[1]), reverse=True)[:DEAREST]


def ids_in(priced: Iterable[Priced]) -> list[UUID]:
    return [UUID(identity) for _, identity in priced]


def dearest_in(first: date, last: date, team_id: int = 0, *, is_kept: bool = False) -> list[UUID]:
    """Of these days, of which no more than the one list is read."""
    days = EvidenceDay.objects.filter(day__range=(first, last))
    lists = days.values_list(f"dearest__{list_name(team_id, is_kept=is_kept)}", flat=True)
    return ids_in(dearest(one for listed in lists if listed for one in listed))
