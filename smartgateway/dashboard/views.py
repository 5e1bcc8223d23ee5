from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from audit.reports import today
from smartgateway.dashboard.decisions import newest
from smartgateway.dashboard.figures import TIERS, Figures, figures
from smartgateway.dashboard.pages import StrictPolicyMixin, TeamPage
from smartgateway.dashboard.periods import periods
from smartgateway.keys.models import Team


class Overview(TeamPage):
    template_name = "dashboard/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offered = periods(today())
        period = offered.get(self.request.GET.get("period", ""), offered["today"])
        shown = figures(period, self.teams)
        return super().get_context_data(
            **kwargs,
            periods=offered.values(),
            period=period,
            figures=shown,
            tier_titles=TIERS.values(),
            trend=trend(shown),
            decisions=newest(self.teams),
            scope=scope(self.teams),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class SignIn(StrictPolicyMixin, LoginView):
    template_name = "dashboard/sign_in.html"
    redirect_authenticated_user = True


def scope(teams: frozenset[int] | None) -> str:
    """Whose figures these are, in words."""
    if teams is None:
        return "All teams"
    return ", ".join(Team.objects.filter(pk__in=teams).values_list("name", flat=True))


def trend(shown: Figures) -> dict[str, Any]:
    """The last days as the chart's script reads them."""
    return {
        "days": [f"{day.day:%a} {day.day.day}" for day in shown.days],
        "tiers": [
            {"name": name or "other", "title": title, "requests": [day.requests[name] for day in shown.days]}
            for name, title in TIERS.items()
        ],
    }
