"""The admin's sidebar: every registered model that the user may see, grouped by what it is for."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from smartgateway.keys.roles import is_admin

# In the sidebar's order; a model that is not named here follows at the end of its group
ICONS = {
    "threshold": "tune",
    "phraselist": "format_list_bulleted",
    "phrase": "match_word",
    "modelalias": "alt_route",
    "tiermodel": "neurology",
    "fallbackstep": "stairs",
    "switch": "toggle_on",
    "routingsettings": "settings",
    "policyversion": "history",
    "modelprice": "payments",
    "localmodelrecord": "memory",
    "adminchange": "manage_history",
    "routingdecision": "call_split",
    "attempt": "arrow_outward",
    "outcome": "task_alt",
    "refusal": "block",
    "feedback": "thumbs_up_down",
    "prompttext": "chat",
    "dailyreport": "bar_chart",
    "writer": "edit_note",
    "removal": "auto_delete",
    "expectedshare": "target",
    "team": "groups",
    "apikey": "key",
    "user": "person",
    "group": "badge",
}
ORDER = {name: number for number, name in enumerate(ICONS)}
GROUPS = {"routing": "Policy", "audit": "Record", "dashboard": "Figures", "keys": "People", "auth": "People"}
MEANINGS = {
    "Policy": "What decides which tier answers. Changes are a draft until they are published.",
    "Record": "What was decided, called and answered. Nothing here can be changed.",
    "Figures": "What the dashboard compares with. It changes no decision.",
    "People": "Who may send requests, within which limits, and who reads the figures.",
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {"": places(request), **{title: [] for title in GROUPS.values()}}
    for model, model_admin in sorted(admin.site._registry.items(), key=lambda pair: place(pair[0])):
        meta = model._meta
        if meta.app_label in GROUPS and model_admin.has_view_permission(request):
            groups[GROUPS[meta.app_label]].append(
                {
                    "title": str(meta.verbose_name_plural)[:1].upper() + str(meta.verbose_name_plural)[1:],
                    "icon": ICONS.get(str(meta.model_name), "table_rows"),
                    "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
                }
            )
    return [
        {"title": title, "meaning": MEANINGS.get(title, ""), "items": items} for title, items in groups.items() if items
    ]


def places(request: HttpRequest) -> list[dict[str, Any]]:
    """What stands beside the admin."""
    dashboard = {"title": "Dashboard", "icon": "monitoring", "link": reverse("dashboard:overview")}
    workbench = {"title": "Workbench", "icon": "experiment", "link": reverse("workbench:versions")}
    return [dashboard, workbench] if is_admin(request.user) else [dashboard]


def place(model: type[Any]) -> tuple[int, str]:
    return ORDER.get(model._meta.model_name, len(ORDER)), model._meta.label
