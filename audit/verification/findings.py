from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

LISTED_PER_KIND = 100


class Trouble(NamedTuple):
    kind: str
    where: str
    detail: str


class Findings:
    """Every trouble counted, the first of each kind listed."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.is_from_the_beginning = True  # else the record before the period is taken on trust
        self.troubles: list[Trouble] = []
        self.found: Counter[str] = Counter()

    @property
    def is_clean(self) -> bool:
        return not self.found

    def add(self, troubles: Iterable[Trouble]) -> None:
        for trouble in troubles:
            self.found[trouble.kind] += 1
            if self.found[trouble.kind] <= LISTED_PER_KIND:
                self.troubles.append(trouble)
