"""Whoever changes their own password stays on record, as one does who changes another's."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from routing.admin.logged import note
from routing.models import AdminChange


def change_own_password(request: HttpRequest) -> HttpResponse:
    response = admin.site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        note(request, AdminChange.Action.CHANGED, request.user, words="Changed their own password.")
    return response
