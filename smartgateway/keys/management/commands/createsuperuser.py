"""Django's own command; the admin whom it makes stands in the log of what admins did."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User

from routing.models import AdminChange
from smartgateway.keys.issuing import COMMAND


class Command(createsuperuser.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        known = [*User.objects.values_list("pk", flat=True)]
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True).exclude(pk__in=known):
            log(user)


def log(user: User) -> None:
    """Unless an admin's page did, while the command asked its questions."""
    subject = str(User._meta.verbose_name)
    if AdminChange.objects.latest_of(subject, user.pk) is None:
        AdminChange.objects.note(
            AdminChange.Action.ADDED,
            subject,
            author=COMMAND,
            object_id=user.pk,
            name=user.username,
            after={"username": user.username, "email": user.email, "is_superuser": True},
        )
