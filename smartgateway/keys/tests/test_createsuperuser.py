"""An admin whom the command line makes."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse

from routing.models import AdminChange

pytestmark = pytest.mark.django_db


def test_an_admin_from_the_command_line_stands_in_the_log_without_the_password(admin_client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-secret-for-tests")

    call_command("createsuperuser", interactive=False, username="ada", email="ada@example.com", verbosity=0)

    entry, ada = AdminChange.objects.get(subject="user"), User.objects.get(username="ada")
    page = admin_client.get(reverse("admin:routing_adminchange_changelist")).content.decode()
    assert ada.check_password("a-secret-for-tests")
    assert (entry.author, entry.action, entry.object_id, entry.name) == ("command line", "added", str(ada.pk), "ada")
    assert entry.after == {"username": "ada", "email": "ada@example.com", "is_superuser": True}
    assert "command line" in page


def test_one_that_is_there_already_is_not_logged_again(admin_user):
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, username=admin_user.username, email="", verbosity=0)

    assert not AdminChange.objects.exists()
