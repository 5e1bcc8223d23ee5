"""What a page of figures was asked for: in its address, so that it can be kept and sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from audit.models import DailyReport, TagReport
from audit.models.querysets import DailyReportQuerySet
from smartgateway.dashboard.periods import Period, chosen

TIERS = {"local": "Local", "haiku": "Haiku", "sonnet": "Sonnet", "opus": "Opus", "other": "Other models, by name"}
KINDS = {"chats": "Chats and scripts", "agents": "Agents"}
MOST_CHOICES = 200
DECISIONS = ("team", "key", "tier")


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty is all. `tier` is `other` for models that no tier has: they were asked for by name."""

    period: Period
    team: str = ""
    key: str = ""
    kind: str = ""
    tier: str = ""
    model: str = ""
    tag: str = ""

    @property
    def narrowing(self) -> dict[str, str]:
        names = ("team", "key", "kind", "tier", "model", "tag")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    @property
    def query(self) -> str:
        """As it stands in an address, to which more can be added."""
        return urlencode({**self.when, **self.narrowing})

    @property
    def when(self) -> dict[str, str]:
        if self.period.name:
            return {"period": self.period.name}
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    @property
    def when_query(self) -> str:
        """The days alone."""
        return urlencode(self.when)

    @property
    def narrowing_query(self) -> str:
        """Without the days."""
        return urlencode(self.narrowing)

    @property
    def decisions_query(self) -> str:
        """What of this the list of decisions can be narrowed by as well."""
        days = {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        return urlencode({**days, **{name: self.narrowing[name] for name in DECISIONS if name in self.narrowing}})

    def rows(self, teams: frozenset[int] | None, *, first: date | None = None) -> DailyReportQuerySet:
        """Of the period, or from another first day on."""
        reports: DailyReportQuerySet = (TagReport if self.tag else DailyReport)._default_manager.all()
        rows = reports.visible_to(teams).between(first or self.period.first, self.period.last)
        wanted: dict[str, Any] = {"tag": self.tag, "served_model": self.model, "team_id": self.team, "key_id": self.key}
        rows = rows.filter(**{name: value for name, value in wanted.items() if value})
        rows = rows.filter(is_agentic=self.kind == "agents") if self.kind else rows
        return rows.filter(tier="" if self.tier == "other" else self.tier) if self.tier else rows


def filters(asked: Mapping[str, str], day: date, default: str = "today") -> Filters:
    return Filters(
        period=chosen(asked, day, default),
        team=number(asked.get("team", "")),
        key=number(asked.get("key", "")),
        kind=asked.get("kind", "") if asked.get("kind") in KINDS else "",
        tier=asked.get("tier", "") if asked.get("tier") in TIERS else "",
        model=asked.get("model", "")[:200],
        tag=asked.get("tag", "")[:200],
    )


def number(text: str) -> str:
    """An id, or nothing."""
    try:
        return str(int(text)) if abs(int(text)) < 2**63 else ""
    except ValueError:
        return ""


def choices(period: Period, teams: frozenset[int] | None) -> dict[str, list[tuple[str, str]]]:
    """What the period's reports can be filtered by: (value, title)."""
    rows = DailyReport.objects.visible_to(teams).between(period.first, period.last)
    tagged: Any = TagReport._default_manager.filter(day__range=(period.first, period.last))
    tagged = tagged if teams is None else tagged.filter(team_id__in=teams)
    named = dict(rows.order_by("day").values_list("team_id", "team_name").distinct())
    models = rows.exclude(served_model="").order_by("served_model").values_list("served_model", flat=True).distinct()
    tags = tagged.order_by("tag").values_list("tag", flat=True).distinct()
    return {
        "team": sorted(((str(pk), name or str(pk)) for pk, name in named.items()), key=lambda pair: pair[1]),
        "kind": list(KINDS.items()),
        "tier": list(TIERS.items()),
        "model": [(name, name) for name in models[:MOST_CHOICES]],
        "tag": [(name, name) for name in tags[:MOST_CHOICES]],
    }
