"""What every page of the workbench has in common: only an admin opens it."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.generic import TemplateView, View

from smartgateway.dashboard.pages import StrictPolicyMixin
from smartgateway.keys.roles import is_admin, tunes_policies


class AdminRequiredMixin(View):
    """Who is signed in and no admin is told why there is nothing to see."""

    def allows(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        return is_admin(user)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.allows(request.user):
            return render(request, "workbench/forbidden.html", status=403)
        return super().dispatch(request, *args, **kwargs)


class AdminView(StrictPolicyMixin, LoginRequiredMixin, AdminRequiredMixin):
    """What an admin does by a button or downloads."""


class AdminPage(AdminView, TemplateView):
    """A page: its template extends `workbench/base.html`, which holds the links to the others."""


class PolicyMixin(AdminRequiredMixin):
    """Shows nothing of the record, and so opens also for those who may only publish policies."""

    def allows(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        return tunes_policies(user)


class PolicyView(StrictPolicyMixin, LoginRequiredMixin, PolicyMixin):
    """What whoever tunes policies does by a button or downloads."""


class PolicyPage(PolicyView, TemplateView):
    """A page for whoever tunes policies."""
