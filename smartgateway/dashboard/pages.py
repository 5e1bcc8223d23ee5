"""What every page has in common: it stands under a strict Content-Security-Policy and knows whose figures to show."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.generic import TemplateView, View

from smartgateway.dashboard.notices import notices
from smartgateway.keys.roles import visible_teams

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


class StrictPolicyMixin(View):
    """No inline script or style, nothing from elsewhere."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response


class TeamPage(StrictPolicyMixin, LoginRequiredMixin, TemplateView):
    """A page over the record: `self.teams` is what its reader may see. Who may see nothing is told why."""

    teams: frozenset[int] | None

    def refusal(self, request: HttpRequest) -> HttpResponse | None:
        self.teams = visible_teams(request.user)
        if self.teams is not None and not self.teams:
            return render(request, "dashboard/forbidden.html", status=403)
        return None

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.refusal(request) or super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the notices, except for a part of a page that is there already."""
        is_part = bool(self.request.headers.get("HX-Request"))
        return super().get_context_data(**kwargs, notices=[] if is_part else notices(self.teams))
