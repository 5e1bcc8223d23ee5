"""What a day's requests asked for by name that `auto` would have sent elsewhere: an alias could route them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Max, Sum
from django.db.models.functions import Coalesce

from audit.models.querysets import RoutingDecisionQuerySet
from audit.reports.measures import IS_BYPASSED, MONEY, UNKNOWN_SAVING, ZERO, bypassed_saving, exact

MOST_ROWS = 500  # of a day: those with most requests


def rows(decisions: RoutingDecisionQuerySet) -> Iterator[dict[str, Any]]:
    grouped: Any = (
        decisions.filter(IS_BYPASSED)
        .exclude(auto_tier=F("tier"))
        .order_by()
        .values("team_id", "requested_model", "tier", "auto_tier")
        .annotate(
            last_team_name=Max("team_name"),
            request_count=Count("pk"),
            cost=Coalesce(Sum("ended__cost"), ZERO, output_field=MONEY),
            unknown_count=Count("pk", filter=UNKNOWN_SAVING),
            saving=Coalesce(Sum(bypassed_saving(), output_field=MONEY), ZERO, output_field=MONEY),
        )
    )
    for found in grouped.order_by("-request_count")[:MOST_ROWS]:
        found["team_name"] = found.pop("last_team_name")
        yield {name: exact(value) for name, value in found.items()}
