"""Which policies were published, and what waits in the draft."""

from typing import Any

from django.conf import settings

from routing import policies
from routing.models import PolicyVersion
from smartgateway.workbench.pages import AdminPage


class Versions(AdminPage):
    template_name = "workbench/versions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            versions=PolicyVersion.objects.defer("content"),
            changes=policies.draft_changes(),
            time_zone=settings.REPORT_TIME_ZONE,
        )
