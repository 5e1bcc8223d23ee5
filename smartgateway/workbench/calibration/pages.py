"""Labelled requests are uploaded, a worker asks the candidate, and what it found stays to be compared."""

from typing import Any

import msgspec
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.files.base import File
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from routing import connections, policies
from routing.calibration import CannotCalibrateError, labelled
from smartgateway.workbench.calibration import running
from smartgateway.workbench.calibration.model import Calibration
from smartgateway.workbench.later import AWAY, later
from smartgateway.workbench.noted import note_begun, note_moved
from smartgateway.workbench.pages import AdminPage, AdminView
from smartgateway.workbench.states import State

MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 2_000
LISTED = 20


class CalibrationForm(forms.Form):
    model = forms.CharField(max_length=200, help_text="As the local server calls it.")
    file = forms.FileField(help_text="JSON lines with messages and label_tier: local, sonnet or opus.")

    rows: list[Any]

    def clean_file(self) -> "File[Any]":
        """Every row is read here, so that what is wrong stands beside the field, with its line."""
        file: File[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(f"At most {MOST_BYTES // 2**20} MiB.")
        self.rows = []
        for number, line in enumerate(file.read().splitlines(), start=1):
            if line.strip():
                self.rows.append(_row(number, line))
        if not 1 <= len(self.rows) <= MOST_ROWS:
            raise forms.ValidationError(f"It holds {len(self.rows):,} requests: use 1 to {MOST_ROWS:,}.")
        return file


def _row(number: int, line: bytes) -> Any:
    try:
        row = msgspec.json.decode(line)
        labelled(row)
    except (msgspec.DecodeError, RecursionError, UnicodeError, CannotCalibrateError) as exc:
        raise forms.ValidationError(f"Line {number}: {exc}") from exc
    return {name: row.get(name) for name in ("messages", "tools", "label_tier", "none_good") if name in row}


class Calibrations(AdminPage):
    template_name = "workbench/calibration/calibrations.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CalibrationForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        name = form.cleaned_data["file"].name or "requests"
        calibration = running.begun(form.cleaned_data["model"], name, form.rows, request.user.get_username())
        note_begun(request, calibration, model=calibration.model, file=name, requests=calibration.total)
        if not later("run_calibration_task", calibration_id=calibration.pk):
            messages.error(request, AWAY)
        return redirect("workbench:calibration", pk=calibration.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": CalibrationForm(initial={"model": _classifier()}), **kwargs},
            installed=connections.current().server.chat_models,
            calibrations=Calibration.objects.defer("requests")[:LISTED],
            time_zone=settings.REPORT_TIME_ZONE,
        )


class CalibrationResult(AdminPage):
    """The whole page, or for htmx what changes while it runs."""

    def get_template_names(self) -> list[str]:
        name = "_result.html" if self.request.headers.get("HX-Request") else "result.html"
        return [f"workbench/calibration/{name}"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            calibration=get_object_or_404(Calibration.objects.defer("requests"), pk=kwargs["pk"]),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class StartAgain(AdminView):
    """Of one that no worker took or that its worker left."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        calibration = get_object_or_404(Calibration.objects.defer("requests"), pk=pk)
        if running.begun_again(calibration):
            note_moved(request, calibration, State.WAITING)
            if not later("run_calibration_task", calibration_id=pk):
                messages.error(request, AWAY)
        return redirect("workbench:calibration", pk=pk)


class StopCalibration(AdminView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        calibration = get_object_or_404(Calibration.objects.defer("requests"), pk=pk)
        if running.stop(calibration):
            note_moved(request, calibration, State.CANCELLED)
        return redirect("workbench:calibration", pk=pk)


def _classifier() -> str:
    try:
        return policies.current().models["classifier"]
    except policies.PolicyMissingError:
        return settings.ROUTING_CLASSIFIER_MODEL
