"""Teams, keys and users, as operators see them. A key's secret is shown once, right after it was made."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from audit.texts import remove_texts
from routing.admin.logged import LoggedAdmin
from smartgateway.keys.issuing import mint
from smartgateway.keys.models import ApiKey, Membership, Team

MAY_SERVE = ("What may answer", {"fields": ["is_local_only", ("allows_local", "allows_sonnet", "allows_opus")]})

admin.site.index_title = "Admin"
admin.site.unregister(User)
admin.site.unregister(Group)


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ["user", "team"]


def switched(team: Team) -> str:
    """What the switch for prompt text now means, and who is told."""
    if team.is_text_recorded:
        return (
            f"What people of {team.name} ask is recorded from now on and kept for {team.text_kept_days} days. Their "
            "pages say so, and this change stands in the team's history."
        )
    return f"No prompt text of {team.name} is recorded any more. What was recorded stays until its days are over."


@admin.register(Team)
class TeamAdmin(LoggedAdmin):
    list_display = ["name", "members_count", "keys_count", "is_local_only", "is_text_recorded", "requests_per_minute"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug"]}),
        MAY_SERVE,
        ("Limits", {"fields": ["requests_per_minute"]}),
        ("Prompt text", {"fields": ["is_text_recorded", "text_kept_days"]}),
    ]
    inlines = [MembershipInline]
    actions = ["remove_texts_of_selected"]

    def logged(self, row: Team) -> dict[str, Any]:
        roles = row.memberships.select_related("user")
        return super().logged(row) | {f"member {each.user}": each.role for each in roles}

    def save_model(self, request: HttpRequest, obj: Team, form: "ModelForm[Team]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_text_recorded" in form.changed_data:
            messages.warning(request, switched(obj))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(
            members_count=Count("memberships", distinct=True),
            keys_count=Count("keys", filter=Q(keys__is_active=True), distinct=True),
        )

    @action(description="Remove the prompt text of the selected teams now", permissions=["change"])
    def remove_texts_of_selected(self, request: HttpRequest, queryset: QuerySet[Team]) -> None:
        removed = 0
        for team in queryset:
            count = remove_texts(team.pk)
            self.log_change(request, team, f"Prompt text of {count} requests removed.")
            removed += count
        messages.success(request, f"Prompt text of {removed} requests is removed; their decisions stay.")

    @display(description="members", ordering="members_count")
    def members_count(self, team: Any) -> int:
        return int(team.members_count)

    @display(description="active keys", ordering="keys_count")
    def keys_count(self, team: Any) -> int:
        return int(team.keys_count)


@admin.register(ApiKey)
class ApiKeyAdmin(LoggedAdmin):
    list_display = ["name", "shown", "team", "owner", "state", "requests_per_minute", "created_at", "expires_at"]
    list_filter = ["team", "is_active", "is_local_only"]
    list_select_related = ["team", "owner"]
    search_fields = ["name", "prefix", "last_four", "team__name", "owner__username"]
    autocomplete_fields = ["team", "owner"]
    readonly_fields = ["shown", "created_at"]
    actions = ["revoke_selected"]

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        about = ["name", "team", "owner"]
        return [
            (None, {"fields": [*about, "shown", "created_at", "is_active"] if obj else about}),
            MAY_SERVE,
            ("Limits", {"fields": ["requests_per_minute", "expires_at"]}),
        ]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: "ModelForm[ApiKey]", change: bool) -> None:
        if change:
            obj.save()
            return
        secret = mint(obj)
        obj.save()
        messages.warning(
            request,
            format_html(
                "Copy the key of {} now, it is not shown again: "
                '<code style="user-select: all; overflow-wrap: anywhere">{}</code>',
                obj.name,
                secret,
            ),
        )

    @display(description="key")
    def shown(self, key: ApiKey) -> str:
        return f"{key.prefix}…{key.last_four}"

    @display(description="state", label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if not key.is_active:
            return "revoked"
        has_expired = key.expires_at is not None and key.expires_at <= datetime.now(UTC)
        return "expired" if has_expired else "active"

    @action(description="Revoke the selected keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        active = list(queryset.filter(is_active=True))
        for key in active:
            self.keep_before(key)
            key.revoke()
            self.log_change(request, key, "Revoked.")
        messages.success(request, f"Revoked: {len(active)}. They are refused within 2 seconds.")


@admin.register(User)
class PersonAdmin(UserAdmin, LoggedAdmin):  # type: ignore[type-arg,misc]  # generic in the stubs alone
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [MembershipInline]

    def logged(self, row: User) -> dict[str, Any]:
        roles = Membership.objects.filter(user=row).select_related("team")
        return super().logged(row) | {f"in {each.team}": each.role for each in roles}


@admin.register(Group)
class PeopleGroupAdmin(GroupAdmin, LoggedAdmin):  # type: ignore[misc]
    pass
