"""Whoever changes their own password stays on record, as one does who changes another's."""

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from routing.models import AdminChange


def change_own_password(request: HttpRequest) -> HttpResponse:
    response = admin.site.password_change(request)
    if request.method == "POST" and response.status_code == 302:
        assert isinstance(request.user, User)
        AdminChange.objects.note(
            AdminChange.Action.CHANGED,
            str(User._meta.verbose_name),
            author=request.user.get_username(),
            object_id=request.user.pk,
            name=request.user.get_username(),
            note="Changed their own password.",
        )
    return response
