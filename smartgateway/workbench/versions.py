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
        newest, serving = PolicyVersion.objects.newest(), policies.in_force()
        page = Paginator(PolicyVersion.objects.all(), PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            **kwargs,
            page=page,
            broken={version.number for version in page if policies.problem_of(version)},
            newest=newest,
            in_force=serving,
            changes=policies.draft_changes(),
            trouble="" if newest is None or newest == serving else policies.problem_of(newest),
            draft_digest=policies.mark_of(policies.draft_content()),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Version(PolicyPage):
    """One version whole: what it changed, and everything that it says."""

    template_name = "workbench/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = found(kwargs["number"])
        problem = policies.problem_of(version)
        before = policies.in_force(PolicyVersion.objects.filter(number__lt=version.number))
        return super().get_context_data(
            **kwargs,
            version=version,
            before=before,
            problem=problem,
            changes=[] if problem else policies.changes(before.content if before else None, version.content),
            newest=PolicyVersion.objects.defer("content").newest(),
            in_force=policies.in_force(),
            phrases=[] if problem else sorted(version.content["phrases"].items()),
            rules=RULE_OF,
            days=days_of(version),
            draft_digest=policies.mark_of(policies.draft_content()),
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
        serving = policies.in_force()
        before = self.request.GET.get("from", str(serving.number if serving else ""))
        after = self.request.GET.get("to", DRAFT)
        sides = [side_of(before), side_of(after)]
        problems = [problem for _, problem in sides if problem]
        return super().get_context_data(
            **kwargs,
            versions=PolicyVersion.objects.defer("content"),
            sides=[("from", "From", before), ("to", "To", after)],
            problems=problems,
            changes=[] if problems else policies.changes(*(content for content, _ in sides)),
        )


def side_of(name: str) -> tuple[policies.Content, str]:
    """What the draft or a version says, and why it cannot be read, if it cannot."""
    if name == DRAFT:
        return policies.draft_content(), ""
    version = found(int(name) if name.isdecimal() else 0)
    return version.content, policies.problem_of(version)


def found(number: int) -> PolicyVersion:
    version = PolicyVersion.objects.filter(number=number).first() if number < 2**31 else None
    if version is None:
        raise Http404(f"There is no version {number}.")
    return version


def readable(number: int) -> PolicyVersion:
    """One that a process could serve."""
    version = found(number)
    if problem := policies.problem_of(version):
        raise Http404(problem)
    return version


def as_file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
