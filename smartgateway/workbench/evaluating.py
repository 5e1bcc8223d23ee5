"""Labelled requests, uploaded: how well the draft or a version routes them. Nothing of them is kept."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst

from routing import policies
from routing.engine.types import Policy
from routing.evaluation import Judged, UnreadableRowError, judged_lines, report
from routing.models import PolicyVersion
from smartgateway.workbench.backtest import running
from smartgateway.workbench.backtest.views import LISTED
from smartgateway.workbench.backtest.wanted import RefusedError, content_of, number_of
from smartgateway.workbench.pages import AdminPage

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 5_000
ANSWER_TOKENS = 400


class EvaluationForm(forms.Form):
    policy = forms.CharField(max_length=9, initial="draft")
    file = forms.FileField(label="JSON lines")

    def clean_file(self) -> str:
        """The text of the file."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB.")
        try:
            text: str = file.read().decode()
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not text in UTF-8.") from None
        if text.count("\n") > MOST_ROWS:
            raise forms.ValidationError(f"The file has more than {MOST_ROWS:,} lines.")
        return text


class Evaluate(AdminPage):
    template_name = "workbench/evaluate.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = EvaluationForm(request.POST, request.FILES)
        found = self._found(form) if form.is_valid() else None
        return self.render_to_response(self.get_context_data(form=form, found=found))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": EvaluationForm(), **kwargs},
            versions=PolicyVersion.objects.defer("content")[:LISTED],
            in_force=policies.in_force(),
            wanted=self.request.POST.get("policy", "draft"),
            most_rows=MOST_ROWS,
            most_megabytes=MOST_BYTES // 1024 // 1024,
        )

    def _found(self, form: EvaluationForm) -> dict[str, Any] | None:
        try:
            policy = policy_to_try(form.cleaned_data["policy"])
        except RefusedError as refused:
            form.add_error("policy", refused.reason)
            return None
        try:
            rows = rows_in(form.cleaned_data["file"], policy)
        except UnreadableRowError as exc:
            form.add_error("file", f"{capfirst(str(exc))}.")
            return None
        if not rows:
            form.add_error("file", "The file holds no request.")
            return None
        return {"rows": len(rows), **report(rows)}


def policy_to_try(name: str) -> Policy:
    """Raises `RefusedError` for what nobody could serve."""
    version = number_of(name)
    content = content_of(version)
    return running.policy_of(content, policies.digest_of(content), version)


def rows_in(text: str, policy: Policy) -> list[Judged]:
    return list(judged_lines(text, policy, num_ctx=settings.LOCAL_NUM_CTX, answer=ANSWER_TOKENS))
