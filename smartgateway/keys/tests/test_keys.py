import hashlib
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from routing.engine.types import Tier
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import ApiKey, Membership, Team
from smartgateway.keys.roles import visible_teams

pytestmark = pytest.mark.django_db


def test_a_key_is_32_random_bytes_of_which_only_the_ends_and_a_digest_are_kept():
    key, secret = issue("laptop", "Payments")

    assert secret.startswith("sk-sg-")
    assert len(secret) == len("sk-sg-") + 43
    assert (key.prefix, key.last_four) == (secret[:10], secret[-4:])
    stored = ApiKey.objects.values().get()
    assert bytes(stored["digest"]) == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(stored)


def test_a_key_joins_the_team_of_that_name_or_founds_it():
    first, _ = issue("laptop", "Data Science")
    second, _ = issue("ci", "Data Science")

    assert first.team == second.team
    assert first.team.slug == "data-science"
    assert first.digest != second.digest


def test_a_secret_that_is_already_a_key_gives_that_key_again():
    secret = "sk-sg-chosen-by-the-platform"

    first, _ = issue("bootstrap", secret=secret)
    again, _ = issue("bootstrap", secret=secret)

    assert first == again
    assert ApiKey.objects.count() == 1


def test_a_short_secret_is_no_key():
    with pytest.raises(ValueError, match="20 characters"):
        issue("bootstrap", secret="sk-sg-short")


def test_the_command_prints_the_key_once_and_alone():
    out, err = StringIO(), StringIO()

    call_command("create_api_key", "laptop", team="Payments", stdout=out, stderr=err)

    secret = out.getvalue().strip()
    key = ApiKey.objects.get(digest=hashlib.sha256(secret.encode()).digest())
    assert (key.name, key.team.name) == ("laptop", "Payments")
    assert secret not in err.getvalue()


def test_the_command_names_what_is_wrong_with_a_name():
    with pytest.raises(CommandError, match="100 characters"):
        call_command("create_api_key", "x" * 101)


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"requests_per_minute": 0}, id="no request at all"),
        pytest.param({"allows_local": False, "allows_sonnet": False, "allows_opus": False}, id="no tier at all"),
        pytest.param({"is_local_only": True, "allows_local": False}, id="local only without local"),
    ],
)
def test_the_database_refuses_a_key_that_nothing_could_serve(limits):
    key, _ = issue("laptop")

    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(**limits)


def test_the_form_says_why_a_team_that_nothing_could_serve_is_refused():
    team = Team(name="Legal", slug="legal", is_local_only=True, allows_local=False)

    with pytest.raises(ValidationError, match="Nothing could answer"):
        team.full_clean()


def test_a_user_has_one_role_in_a_team():
    team, user = Team.objects.create(name="Payments", slug="payments"), User.objects.create_user("ada")
    Membership.objects.create(team=team, user=user)

    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(team=team, user=user, role="manager")


def test_a_team_with_keys_cannot_be_deleted_under_them():
    key, _ = issue("laptop")

    with pytest.raises(ProtectedError):
        key.team.delete()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda key: key.save(), id="key saved"),
        pytest.param(lambda key: key.revoke(), id="key revoked"),
        pytest.param(lambda key: key.delete(), id="key deleted"),
        pytest.param(lambda key: key.team.save(), id="team saved"),
        pytest.param(lambda key: issue("ci"), id="key issued"),
        pytest.param(lambda key: User.objects.update(is_active=False), id="owner deactivated"),
        pytest.param(lambda key: key.owner.delete(), id="owner deleted"),
    ],
)
def test_what_matters_to_authentication_changes_the_fingerprint(change):
    key, _ = issue("laptop", owner=User.objects.create_user("ada"))
    before = ApiKey.objects.fingerprint()

    change(key)

    assert ApiKey.objects.fingerprint() != before


def test_allowed_tiers_are_those_that_are_ticked():
    assert Team(allows_opus=False).allowed_tiers == {Tier.LOCAL, Tier.SONNET}


def test_superusers_and_admins_see_all_teams_managers_their_own_and_developers_none():
    payments = Team.objects.create(name="Payments", slug="payments")
    legal = Team.objects.create(name="Legal", slug="legal")
    manager, developer, admin = (User.objects.create_user(name) for name in ("manager", "developer", "admin"))
    Membership.objects.create(user=manager, team=payments, role="manager")
    Membership.objects.create(user=manager, team=legal, role="developer")
    Membership.objects.create(user=developer, team=payments)
    Membership.objects.create(user=admin, team=legal, role="admin")

    assert visible_teams(User.objects.create_superuser("root")) is None
    assert visible_teams(admin) is None
    assert visible_teams(manager) == {payments.pk}
    assert visible_teams(developer) == frozenset()
    assert visible_teams(AnonymousUser()) == frozenset()
