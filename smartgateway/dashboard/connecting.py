"""`/connect/`: how to point each client at this gateway, with its address and, once, a new key of one's own."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.views.generic import TemplateView

from smartgateway.dashboard.clients import clients, is_public
from smartgateway.dashboard.pages import StrictPolicyMixin
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import ApiKey, Team, TeamQuerySet

MOST_OWN_KEYS = 20
NO_KEY = "sk-sg-YOUR-KEY"


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=100, label="Where it is used", widget=forms.TextInput({"placeholder": "my laptop"})
    )
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, to_field_name="slug")

    def __init__(self, user: User, *args: Any) -> None:
        super().__init__(*args)
        self.user = user
        self.fields["team"].queryset = teams_of(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        if ApiKey.objects.usable().filter(owner=self.user).count() >= MOST_OWN_KEYS:
            raise forms.ValidationError(f"You have {MOST_OWN_KEYS} keys in use: ask an admin to revoke old ones.")
        return super().clean()


class Connect(StrictPolicyMixin, LoginRequiredMixin, TemplateView):
    template_name = "dashboard/connect.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        """A new key. It is shown in this answer alone: there is no page to come back to."""
        assert isinstance(request.user, User)
        form = KeyForm(request.user, request.POST)
        secret = ""
        if form.is_valid():
            _, secret = issue(form.cleaned_data["name"], form.cleaned_data["team"].name, owner=request.user)
        return self.render_to_response(self.get_context_data(form=form, secret=secret))

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        response = super().render_to_response(context, **options)
        add_never_cache_headers(response)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = settings.PUBLIC_URL or f"{self.request.scheme}://{self.request.get_host()}"
        values = {
            "GATEWAY_URL": address,
            "GATEWAY_KEY": kwargs.get("secret") or NO_KEY,
            "OPUS_ID": settings.OPUS_MODEL,
            "SONNET_ID": settings.DEFAULT_MODEL,
        }
        assert isinstance(self.request.user, User)
        given = {"form": KeyForm(self.request.user), **kwargs}
        return super().get_context_data(
            **given,
            address=address,
            is_public=is_public(address),
            clients=clients(values),
            placeholder=NO_KEY,
            recorded=teams_of(self.request.user).recording_text(),
        )


def teams_of(user: User) -> TeamQuerySet:
    """Where the user may have a key: in teams of one's own, an admin in any."""
    return Team.objects.all() if user.is_superuser else Team.objects.filter(memberships__user=user)
