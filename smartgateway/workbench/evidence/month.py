"""The days' evidence added up, in the words of the page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.reports import today
from routing.engine.rules import OTHERS, OUTWEIGHING
from routing.engine.types import LADDER, Policy, phrase_id
from routing.models import Phrase
from smartgateway.workbench.evidence.dearest import dearest, ids_in
from smartgateway.workbench.evidence.distances import BARS
from smartgateway.workbench.evidence.model import EvidenceDay
from smartgateway.workbench.evidence.tally import AFTERWARDS, EXAMPLES

DAYS = 30
RULES = tuple(rule.__name__ for rule in (*OTHERS, *OUTWEIGHING))


@dataclass(frozen=True, slots=True)
class Row:
    """What a rule, a phrase or a group of doubts did. `afterwards` are counts that are not 0, by what happened.

    `examples` are the newest that a rule decided, `dearest` those of a group, and those whose text is kept.
    """

    name: str
    list_name: str
    fired: int
    near: int
    share: float
    tiers: list[tuple[str, int]]
    afterwards: list[tuple[str, int]]
    judged: int
    cost: Decimal
    examples: list[UUID]
    dearest: list[UUID]
    dearest_kept: list[UUID]


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    last: date
    made_at: datetime | None
    missing: int
    requests: int
    automatic: int
    rules: list[Row]
    silent_rules: list[str]
    phrases: list[Row]
    silent_phrases: list[tuple[str, list[str]]]
    distances: dict[str, list[int]]
    doubts: list[Row]


def month(policy: Policy | None) -> Month:
    last = today()
    first = last - timedelta(days=DAYS - 1)
    days = list(EvidenceDay.objects.defer("dearest").filter(day__gte=first, day__lte=last).order_by("day"))
    contents = [day.content for day in days]
    rules, doubts = added(contents, "rules"), added(contents, "doubts")
    automatic = sum(content["automatic"] for content in contents)
    return Month(
        first=first,
        last=last,
        made_at=max((day.made_at for day in days), default=None),
        missing=DAYS - len(days),
        requests=sum(content["requests"] for content in contents),
        automatic=automatic,
        rules=most_first(_row(name, row, automatic) for name, row in rules.items() if row.get("fired")),
        silent_rules=[rule for rule in RULES if not rules.get(rule, {}).get("fired")],
        phrases=most_first(_phrases(contents, policy, automatic)),
        silent_phrases=list(_silent(contents, policy)),
        distances=_distances(contents),
        doubts=most_first(_row(name, row, automatic) for name, row in doubts.items()),
    )


def added(contents: Iterable[Mapping[str, Any]], section: str) -> dict[str, dict[str, Any]]:
    sums: dict[str, dict[str, Any]] = {}
    for content in contents:
        for name, row in content[section].items():
            add(sums.setdefault(name, {}), row)
    return sums


def add(into: dict[str, Any], row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if name == "ids":
            into[name] = [*into.get(name, ()), *value][-EXAMPLES:]
        elif name in ("dearest", "dearest_kept"):
            into[name] = dearest([*into.get(name, ()), *value])
        elif name == "cost":
            into[name] = str(Decimal(into.get(name, "0")) + Decimal(value))
        else:
            into[name] = into.get(name, 0) + value


def most_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.fired, row.name))


def _row(name: str, row: Mapping[str, Any], of: int, list_name: str = "") -> Row:
    fired = row.get("fired", row.get("count", 0))
    return Row(
        name=name,
        list_name=list_name,
        fired=fired,
        near=row.get("near", 0),
        share=100 * fired / of if of else 0.0,
        tiers=[(str(tier), row[tier]) for tier in LADDER if row.get(tier)],
        afterwards=[(happened, row[happened]) for happened in AFTERWARDS if row.get(happened)],
        judged=row.get("judged", 0),
        cost=Decimal(row.get("cost", "0")),
        examples=[UUID(identity) for identity in reversed(row.get("ids", ()))],
        dearest=ids_in(row.get("dearest", ())),
        dearest_kept=ids_in(row.get("dearest_kept", ())),
    )


def _phrases(contents: Iterable[Mapping[str, Any]], policy: Policy | None, of: int) -> Iterable[Row]:
    names: dict[str, dict[int, str]] = {}
    for list_name, phrase in Phrase.objects.values_list("phrase_list__name", "text"):
        names.setdefault(list_name, {})[phrase_id(phrase)] = phrase  # of a list that is switched off too
    for list_name, listed in policy.phrases.items() if policy else ():
        names.setdefault(list_name, {}).update(_named(listed))
    for list_name, rows in added_phrases(contents).items():
        for identity, row in rows.items():
            text = names.get(list_name, {}).get(int(identity))
            yield _row(text or "a phrase that the policy no longer has", row, of, list_name)


def added_phrases(contents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    sums: dict[str, dict[str, dict[str, Any]]] = {}
    for content in contents:
        for name, rows in content["phrases"].items():
            listed = sums.setdefault(name, {})
            for identity, row in rows.items():
                add(listed.setdefault(identity, {}), row)
    return sums


def _named(listed: Iterable[str]) -> dict[int, str]:
    return {phrase_id(text): text for text in listed}


def _silent(contents: list[Mapping[str, Any]], policy: Policy | None) -> Iterable[tuple[str, list[str]]]:
    """The phrases of each list that were never found."""
    found = added_phrases(contents)
    for name, listed in policy.phrases.items() if policy else ():
        silent = [text for text in listed if str(phrase_id(text)) not in found.get(name, {})]
        if silent and name not in ("harness", "ask_tag"):
            yield name, silent


def _distances(contents: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """How many requests lay how far from each threshold; days of an older release count nothing until made anew."""
    sums: dict[str, list[int]] = {}
    for content in contents:
        for threshold, counts in content.get("distances", {}).items():
            before = sums.get(threshold, [0] * BARS)
            sums[threshold] = [old + more for old, more in zip(before, counts, strict=True)]
    return sums
