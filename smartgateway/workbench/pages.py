"""What every page of the workbench has in common: only an admin opens it."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.generic import TemplateView, View

from smartgateway.dashboard.pages import StrictPolicyMixin
from smartgateway.keys.roles import is_admin


class AdminRequiredMixin(View):
    """Who is signed in and no admin is told why there is nothing to see."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_admin(request.user):
            return render(request, "workbench/forbidden.html", status=403)
        return super().dispatch(request, *args, **kwargs)


class AdminView(StrictPolicyMixin, LoginRequiredMixin, AdminRequiredMixin):
    """What an admin does by a button or downloads."""


class AdminPage(AdminView, TemplateView):
    """A page: its template extends `workbench/base.html`, which holds the links to the others."""
