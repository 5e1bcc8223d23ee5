import hashlib

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from routing.models import ModelPrice, PolicyVersion
from smartgateway.keys.models import ApiKey
from smartgateway.local.bootstrap import bootstrap, keep_to_its_owner

pytestmark = pytest.mark.django_db
SECRET = "sk-sg-from-the-environment-of-a-platform"


def test_the_first_time_makes_policy_prices_admin_and_key():
    made = bootstrap()

    assert PolicyVersion.objects.count() == 1
    assert ModelPrice.objects.exists()
    assert User.objects.get(username="admin").check_password(made.admin_password)
    assert ApiKey.objects.get().digest == hashlib.sha256(made.key.encode()).digest()
    assert made.key.startswith(made.key_shown.split("…")[0])


def test_again_changes_nothing_and_shows_no_secret():
    first = bootstrap()

    again = bootstrap()

    assert (again.key, again.admin_password) == ("", "")
    assert (again.key_shown, again.admin) == (first.key_shown, first.admin)
    assert (PolicyVersion.objects.count(), User.objects.count(), ApiKey.objects.count()) == (1, 1, 1)


def test_what_the_environment_names_is_used_and_not_shown(settings):
    settings.BOOTSTRAP_API_KEY = SECRET
    settings.BOOTSTRAP_ADMIN_USERNAME = "root"
    settings.BOOTSTRAP_ADMIN_PASSWORD = "chosen by the operator"

    made = bootstrap()

    assert (made.admin, made.admin_password, made.key) == ("root", "", "")
    assert User.objects.get().check_password("chosen by the operator")
    assert ApiKey.objects.get().digest == hashlib.sha256(SECRET.encode()).digest()


def test_a_key_added_to_the_environment_later_is_made_once(settings):
    bootstrap()
    settings.BOOTSTRAP_API_KEY = SECRET

    bootstrap()
    bootstrap()

    assert ApiKey.objects.count() == 2


def test_a_revoked_key_of_the_environment_stays_revoked(settings):
    settings.BOOTSTRAP_API_KEY = SECRET
    bootstrap()
    ApiKey.objects.get().revoke()

    bootstrap()

    assert not ApiKey.objects.get().is_active


def test_an_admin_who_is_there_keeps_the_password(settings):
    User.objects.create_superuser("maria", password="hers")
    settings.BOOTSTRAP_ADMIN_PASSWORD = "another"

    assert bootstrap().admin == "maria"
    assert User.objects.get().check_password("hers")


def test_a_user_of_the_admins_name_is_not_promoted():
    User.objects.create_user("admin", password="hers")

    with pytest.raises(CommandError, match="the user 'admin' has no admin's rights"):
        call_command("bootstrap")


def test_a_key_that_is_too_short_is_one_sentence(settings):
    settings.BOOTSTRAP_API_KEY = "short"

    with pytest.raises(CommandError, match="at least 20 characters"):
        call_command("bootstrap")


def test_the_command_prints_secrets_once(capsys):
    call_command("bootstrap")
    first = capsys.readouterr().out
    call_command("bootstrap")
    second = capsys.readouterr().out

    assert first.count("shown only now") == 2
    assert "shown only now" not in second
    assert "API key: sk-sg-" in second


def test_the_file_of_the_database_is_its_owners_alone(tmp_path):
    path = tmp_path / "gateway.sqlite3"
    path.touch(0o644)

    keep_to_its_owner({"ENGINE": "django.db.backends.sqlite3", "NAME": path})

    assert path.stat().st_mode & 0o777 == 0o600
