"""A day of the record, read in pieces: no row becomes an object of the ORM, and memory stays flat."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.models import Attempt, Feedback, RoutingDecision
from audit.models.querysets import range_of
from routing import policies
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.rules import apply
from routing.engine.types import Policy
from smartgateway.completions.explaining import reasons_of
from smartgateway.completions.remembered import made_from
from smartgateway.workbench.evidence.tally import Seen

CHUNK = 2_000
MOST = 200_000  # newest decisions of a day that are looked at
AUTOMATIC = ("heuristic", "llm_classifier", "session")
COLUMNS = (
    "id",
    "key_id",
    "session_id",
    "ask_digest",
    "band",
    "tier",
    "phase",
    "reasons",
    "features",
    "policy_version",
    "is_repeated_ask",
    "is_raised",
    "ended__status",
    "ended__served_tier",
    "ended__cost",
)


class Day:
    """The decisions of one day, oldest first, with what happened to each afterwards."""

    def __init__(self, day: date) -> None:
        self._first, self._end = range_of(day, settings.REPORT_TIME_ZONE)
        self._said = self._feedback()
        self._retried = self._second_attempts()
        self._policies: dict[int, Policy | None] = {}

    def __iter__(self) -> Iterator[Seen]:
        rows = RoutingDecision.objects.between(self._start(), self._end).order_by("id")
        for row in rows.values_list(*COLUMNS).iterator(chunk_size=CHUNK):
            yield self._seen(dict(zip(COLUMNS, row, strict=True)))

    def _start(self) -> UUID:
        """Where the newest `MOST` begin."""
        newest = RoutingDecision.objects.filter(id__gte=self._first, id__lt=self._end).order_by("-id")
        return newest.values_list("id", flat=True)[MOST - 1 : MOST].first() or self._first

    def _feedback(self) -> dict[UUID, list[str]]:
        said: dict[UUID, list[str]] = defaultdict(list)
        theirs = Feedback.objects.filter(decision_id__gte=self._first, decision_id__lt=self._end)
        for identity, verdict in theirs.values_list("decision_id", "verdict"):
            said[identity].append(verdict)
        return said

    def _second_attempts(self) -> set[UUID]:
        second = Attempt.objects.filter(decision_id__gte=self._first, decision_id__lt=self._end, number=2)
        return set(second.values_list("decision_id", flat=True))

    def _seen(self, row: dict[str, Any]) -> Seen:
        is_ours = row["phase"] in AUTOMATIC
        features, margins = self._measured(row) if is_ours else (None, [])
        reasons = reasons_of(row["reasons"]) if is_ours else []
        return Seen(
            id=row["id"],
            key_id=row["key_id"],
            session_id=row["session_id"],
            ask_digest=bytes(row["ask_digest"]),
            band=row["band"] if is_ours else "",
            tier=row["tier"],
            phase=row["phase"],
            reasons=reasons,
            margins=[*margins, *((reason.rule, reason.margin) for reason in reasons if reason.rule == "opus_score")],
            phrases=dict(features.hits) if features else {},
            cost=row["ended__cost"],
            happened=tuple(self._happened(row)),
            is_repeated_ask=row["is_repeated_ask"],
            is_raised=row["is_raised"],
        )

    def _happened(self, row: dict[str, Any]) -> Iterator[str]:
        yield from self._said.get(row["id"], ())
        if row["ended__status"] == "failed":
            yield "failed"
        if row["ended__status"] == "aborted":
            yield "cancelled"
        if row["tier"] and row["ended__served_tier"] and row["ended__served_tier"] != row["tier"]:
            yield "moved"
        if row["id"] in self._retried:
            yield "retried"

    def _measured(self, row: dict[str, Any]) -> tuple[Features | None, list[tuple[str, float]]]:
        """The features, and how far each rule that was concerned lay from its threshold, by the policy of then."""
        policy = self._policy(row["policy_version"])
        try:
            features, surroundings = made_from(row["features"])
        except ValueError:
            return None, []
        if policy is None:
            return features, []
        found = apply(Case(features, policy, surroundings))
        return features, [(reason.rule, reason.margin) for reason in found if reason.margin > -1]

    def _policy(self, number: int) -> Policy | None:
        if number not in self._policies:
            self._policies[number] = policies.published(number)
        return self._policies[number]
