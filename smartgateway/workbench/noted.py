"""Who began and who ended what a worker does stands among the changes of admins."""

from typing import Any

from django.http import HttpRequest

from routing.admin.logged import note
from routing.models import AdminChange
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.calibration.model import Calibration


def note_begun(request: HttpRequest, row: Backtest | Calibration, **what: Any) -> None:
    note(request, AdminChange.Action.ADDED, row, after=what)


def note_asked(request: HttpRequest, subject: str, name: str, words: str, **what: Any) -> None:
    """Something that has no row of its own."""
    author = request.user.get_username()
    AdminChange.objects.note(AdminChange.Action.CHANGED, subject, author=author, name=name, after=what, note=words)


def note_moved(request: HttpRequest, row: Backtest | Calibration, state: str) -> None:
    """From the state in which `row` was read to this one."""
    note(request, AdminChange.Action.CHANGED, row, before={"state": row.state}, after={"state": state})
