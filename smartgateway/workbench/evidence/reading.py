"""A day of the record, read in pieces: no row becomes an object of the ORM, and memory stays flat."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef

from audit.models import Attempt, Feedback, PromptText, RoutingDecision
from audit.models.querysets import range_of
from routing import policies
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.rules import OUTWEIGHING
from routing.engine.types import Policy, Reason
from smartgateway.completions.explaining import reasons_of
from smartgateway.completions.remembered import made_from
from smartgateway.workbench.evidence.distances import CLASSIFIER_TIMEOUT, OPUS_SCORE, Asked, bar_of, bars_hit
from smartgateway.workbench.evidence.tally import Seen

CHUNK = 2_000
MOST = 200_000  # newest decisions of a day that are looked at
AUTOMATIC = ("heuristic", "llm_classifier", "session")
ASKED_ITSELF = ("miss", "timeout")  # states of a classifier that was waited for
OPUS_RULE = "opus_score"
OUTWEIGHING_RULES = frozenset(rule.__name__ for rule in OUTWEIGHING)
COLUMNS = (
    "id",
    "key_id",
    "team_id",
    "session_id",
    "ask_digest",
    "band",
    "tier",
    "phase",
    "reasons",
    "features",
    "policy_version",
    "classifier_state",
    "classifier_latency_ms",
    "is_repeated_ask",
    "is_raised",
    "ended__status",
    "ended__served_tier",
    "ended__cost",
    "is_kept",
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
        rows = rows.annotate(is_kept=Exists(PromptText.objects.filter(pk=OuterRef("pk"))))
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
        reasons = reasons_of(row["reasons"]) if is_ours else []
        features, bars = self._measured(row, reasons) if is_ours else (None, [])
        return Seen(
            id=row["id"],
            key_id=row["key_id"],
            team_id=row["team_id"],
            session_id=row["session_id"],
            ask_digest=bytes(row["ask_digest"]),
            band=row["band"] if is_ours else "",
            tier=row["tier"],
            phase=row["phase"],
            reasons=[reason for reason in reasons if reason.fired or self._is_near(reason, row["policy_version"])],
            bars=bars,
            phrases=dict(features.hits) if features else {},
            cost=row["ended__cost"],
            happened=tuple(self._happened(row)),
            is_repeated_ask=row["is_repeated_ask"],
            is_raised=row["is_raised"],
            is_kept=row["is_kept"],
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

    def _measured(self, row: dict[str, Any], reasons: list[Reason]) -> tuple[Features | None, list[tuple[str, int]]]:
        """The features, and how far what they measure lay from each threshold of the policy of then."""
        policy = self._policy(row["policy_version"])
        try:
            features, surroundings = made_from(row["features"])
        except ValueError:
            return None, []
        if policy is None:
            return features, []
        case = Case(features, policy, surroundings)
        case.sheds_tools = any(reason.fired and reason.rule in OUTWEIGHING_RULES for reason in reasons)
        return features, [*bars_hit(Asked(features, case, policy, surroundings)), *_judged(row, reasons, policy)]

    def _is_near(self, reason: Reason, policy_version: int) -> bool:
        """A score is recorded however far it lay from its threshold; of other rules only those that were near are."""
        if reason.rule != OPUS_RULE or not isinstance(reason.threshold, float | int):
            return True
        policy = self._policy(policy_version)
        return policy is not None and reason.margin >= -policy.thresholds["near_margin"] * reason.threshold

    def _policy(self, number: int) -> Policy | None:
        if number not in self._policies:
            self._policies[number] = policies.published(number)
        return self._policies[number]


def _judged(row: dict[str, Any], reasons: list[Reason], policy: Policy) -> Iterator[tuple[str, int]]:
    """What is not measured in the request itself: its score, and how long the classifier took."""
    for reason in reasons:
        if reason.rule == OPUS_RULE and isinstance(reason.value, float | int):
            yield OPUS_SCORE, bar_of(OPUS_SCORE, reason.value, policy.thresholds[OPUS_SCORE])
    if row["classifier_state"] in ASKED_ITSELF:
        seconds = row["classifier_latency_ms"] / 1000
        yield CLASSIFIER_TIMEOUT, bar_of(CLASSIFIER_TIMEOUT, seconds, policy.thresholds[CLASSIFIER_TIMEOUT])
