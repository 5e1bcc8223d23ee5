"""One day's sums while they are made: plain values, so that they can be stored as they are and added up again."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from routing.engine.types import Reason
from smartgateway.workbench.evidence.dearest import UNKNOWN, Dearest, dearest
from smartgateway.workbench.evidence.distances import BARS

FORM = 3  # of what is stored; days of another one are made anew
EXAMPLES = 12  # newest decisions that are named of a rule
MOST_GROUPS = 200
REMEMBERED = 20_000  # newest decisions that a later one may say something about
NOTHING_SAID = "no rule spoke"
AFTERWARDS = (
    "asked_again",
    "raised",
    "too_weak",
    "too_strong",
    "bad",
    "good",
    "failed",
    "cancelled",
    "moved",
    "retried",
)

Sums = dict[str, Any]


class Seen(NamedTuple):
    """What is read of one decision and its outcome."""

    id: UUID
    key_id: int
    team_id: int
    session_id: str
    ask_digest: bytes
    band: str
    tier: str
    phase: str
    reasons: list[Reason]  # those that fired, and those that came near
    bars: list[tuple[str, int]]  # thresholds, and where the request falls in the histogram of each
    phrases: dict[str, tuple[int, ...]]
    cost: Decimal | None
    happened: tuple[str, ...]  # of AFTERWARDS
    is_repeated_ask: bool
    is_raised: bool
    is_kept: bool  # what was asked


class Tally:
    def __init__(self) -> None:
        self.requests = self.automatic = 0
        self.rules: dict[str, Sums] = {}
        self.phrases: dict[str, dict[str, Sums]] = {}
        self.distances: dict[str, list[int]] = {}
        self.doubts: dict[str, Sums] = {}
        self.dearest = Dearest()
        self._by_ask: OrderedDict[object, list[Sums]] = OrderedDict()
        self._by_session: OrderedDict[object, list[Sums]] = OrderedDict()

    def add(self, seen: Seen) -> None:
        self.requests += 1
        self.automatic += bool(seen.band)
        rows = [*self._rules(seen), *self._phrases(seen)]
        if seen.band == "AMBIGUOUS":
            rows.append(self._doubt(seen))
        for happened in seen.happened:
            bump(rows, happened)
        for threshold, bar in seen.bars:
            self.distances.setdefault(threshold, [0] * BARS)[bar] += 1
        self._look_back(seen, rows)

    def look_back(self, key_id: int, ask_digest: bytes, session_id: str, *, repeated: bool, raised: bool) -> None:
        """What a decision says of the one before it, whose answer it did not take."""
        if repeated:
            bump(self._by_ask.get((key_id, ask_digest), ()), "asked_again")
        if raised:
            bump(self._by_session.get(session_id, ()), "raised")

    def _look_back(self, seen: Seen, rows: list[Sums]) -> None:
        self.look_back(
            seen.key_id, seen.ask_digest, seen.session_id, repeated=seen.is_repeated_ask, raised=seen.is_raised
        )
        remember(self._by_ask, (seen.key_id, seen.ask_digest), rows)
        remember(self._by_session, seen.session_id, rows)

    def _rules(self, seen: Seen) -> Iterator[Sums]:
        for reason in seen.reasons:
            row = self.rules.setdefault(reason.rule, {"fired": 0, "near": 0})
            row["fired" if reason.fired else "near"] += 1
            if reason.fired:
                count(row, seen.tier)
                exemplify(row, seen.id)
                yield row

    def _phrases(self, seen: Seen) -> Iterator[Sums]:
        for name, ids in seen.phrases.items():
            listed = self.phrases.setdefault(name, {})
            for identity in ids:
                row = listed.setdefault(str(identity), {"fired": 0})
                row["fired"] += 1
                count(row, seen.tier)
                yield row

    def _doubt(self, seen: Seen) -> Sums:
        name = group_of(seen.reasons)
        if name not in self.doubts and len(self.doubts) >= MOST_GROUPS:
            name = "others"
        row = self.doubts.setdefault(name, {"count": 0, "judged": 0, "cost": "0"})
        row["count"] += 1
        row["judged"] += seen.phase == "llm_classifier"
        count(row, seen.tier)
        cost = UNKNOWN if seen.cost is None else seen.cost
        for name in ("dearest", "dearest_kept") if seen.is_kept else ("dearest",):
            row[name] = dearest([*row.get(name, ()), [str(cost), str(seen.id)]])
        if seen.cost is not None:
            row["cost"] = str(Decimal(row["cost"]) + seen.cost)
            self.dearest.add(seen.cost, seen.id, seen.team_id, is_kept=seen.is_kept)
        return row

    def content(self) -> Sums:
        return {
            "form": FORM,
            "requests": self.requests,
            "automatic": self.automatic,
            "rules": self.rules,
            "phrases": self.phrases,
            "distances": self.distances,
            "doubts": self.doubts,
        }


def group_of(reasons: Iterable[Reason]) -> str:
    """What made a request ambiguous: the rules that spoke on both sides, or those that came near where none spoke."""
    told = [reason for reason in reasons if reason.points_to and reason.rule != "opus_score"]
    fired = sorted(reason.rule for reason in told if reason.fired)
    near = sorted(reason.rule for reason in told if not reason.fired)
    if fired:
        return " + ".join(fired)
    return f"{NOTHING_SAID}, near: {', '.join(near)}" if near else NOTHING_SAID


def count(row: Sums, name: str) -> None:
    row[name] = row.get(name, 0) + 1


def bump(rows: Iterable[Sums], name: str) -> None:
    for row in rows:
        count(row, name)


def exemplify(row: Sums, identity: UUID) -> None:
    row["ids"] = [*row.get("ids", ()), str(identity)][-EXAMPLES:]


def remember(table: OrderedDict[object, list[Sums]], key: object, rows: list[Sums]) -> None:
    table[key] = rows
    table.move_to_end(key)
    if len(table) > REMEMBERED:
        table.popitem(last=False)
