"""Which policies were published, what each says, and what differs between two of them or the draft."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse

from audit.reports import today
from routing import policies
from routing.models import PolicyVersion
from smartgateway.dashboard.periods import LONGEST, Period
from smartgateway.workbench.evidence.places import RULE_OF
from smartgateway.workbench.pages import PolicyPage, PolicyView

PAGE = 50
DRAFT = "draft"


class Versions(PolicyPage):
    template_name = "workbench/versions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = PolicyVersion.objects.defer("content")
        return super().get_context_data(
            **kwargs,
            page=Paginator(versions, PAGE).get_page(self.request.GET.get("page")),
            newest=versions.newest(),
            changes=policies.draft_changes(),
            trouble=policies.trouble(),
            draft_digest=policies.digest_of(policies.draft_content()),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Version(PolicyPage):
    """One version whole: what it changed, and everything that it says."""

    template_name = "workbench/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = found(kwargs["number"])
        before = PolicyVersion.objects.filter(number__lt=version.number).newest()
        return super().get_context_data(
            **kwargs,
            version=version,
            before=before,
            changes=policies.changes(before.content if before else None, version.content),
            newest=PolicyVersion.objects.defer("content").newest(),
            phrases=sorted(version.content.get("phrases", {}).items()),
            rules=RULE_OF,
            days=days_of(version),
            draft_digest=policies.digest_of(policies.draft_content()),
            time_zone=settings.REPORT_TIME_ZONE,
        )


def days_of(version: PolicyVersion) -> Period:
    """From its publication to the next one, or as many of these days as a report shows."""
    zone = ZoneInfo(settings.REPORT_TIME_ZONE)
    follower = PolicyVersion.objects.filter(number__gt=version.number).order_by("number").defer("content").first()
    last = today() if follower is None else follower.created_at.astimezone(zone).date()
    return Period("", "", max(version.created_at.astimezone(zone).date(), last - LONGEST), last)


class VersionFile(PolicyView):
    def get(self, request: HttpRequest, number: int) -> HttpResponse:
        return as_file(policies.version_yaml(readable(number)), f"policy-{number}.yaml")


class Compare(PolicyPage):
    """Any two versions, or the draft with one."""

    template_name = "workbench/compare.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        newest = PolicyVersion.objects.defer("content").newest()
        before = self.request.GET.get("from", str(newest.number if newest else ""))
        after = self.request.GET.get("to", DRAFT)
        return super().get_context_data(
            **kwargs,
            versions=PolicyVersion.objects.defer("content"),
            sides=[("from", "From", before), ("to", "To", after)],
            changes=policies.changes(content_of(before), content_of(after)),
        )


def content_of(name: str) -> policies.Content:
    if name == DRAFT:
        return policies.draft_content()
    content: policies.Content = found(int(name) if name.isdecimal() else 0).content
    return content


def found(number: int) -> PolicyVersion:
    version = PolicyVersion.objects.filter(number=number).first() if number < 2**31 else None
    if version is None:
        raise Http404(f"There is no version {number}.")
    return version


def readable(number: int) -> PolicyVersion:
    """One that a process could serve."""
    version = found(number)
    try:
        policies.frozen(version)
    except policies.BrokenVersionError as exc:
        raise Http404(str(exc)) from exc
    return version


def as_file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
