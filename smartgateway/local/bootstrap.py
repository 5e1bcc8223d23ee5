"""The first policy, prices, admin and key. Safe to run at every start: what is there stays as it is."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from routing import policies, prices
from smartgateway.keys import issuing
from smartgateway.keys.models import ApiKey
from smartgateway.local.box import Bootstrapped

FIRST_KEY = "first key"


def bootstrap() -> Bootstrapped:
    keep_to_its_owner(settings.DATABASES["default"])
    policies.load_defaults()
    prices.load_defaults()
    with transaction.atomic():
        admin, password = first_admin()
        key, secret = first_key()
    return Bootstrapped(admin.get_username(), password, secret, f"{key.prefix}…{key.last_four}" if key else "")


def keep_to_its_owner(database: Mapping[str, Any]) -> None:
    """The file of an SQLite database holds the record: nobody else on this machine is to read it."""
    path = Path(str(database["NAME"]))
    if database["ENGINE"].endswith("sqlite3") and path.is_file():
        with suppress(PermissionError):  # another user's, which is that user's choice
            path.chmod(0o600)


def first_admin() -> tuple[User, str]:
    """The password is returned only when it was generated."""
    known = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if known:
        return known, ""
    name = settings.BOOTSTRAP_ADMIN_USERNAME
    if User.objects.filter(username=name).exists():
        raise ValueError(f"the user {name!r} has no admin's rights: set another BOOTSTRAP_ADMIN_USERNAME")
    generated = "" if settings.BOOTSTRAP_ADMIN_PASSWORD else secrets.token_urlsafe(12)
    password = settings.BOOTSTRAP_ADMIN_PASSWORD or generated
    return User.objects.create_superuser(name, password=password), generated


def first_key() -> tuple[ApiKey | None, str]:
    """A key that the environment names is made where it is missing, revoked ones included: nothing comes back."""
    if settings.BOOTSTRAP_API_KEY:
        return issuing.issue(FIRST_KEY, secret=settings.BOOTSTRAP_API_KEY)[0], ""
    if ApiKey.objects.exists():
        return ApiKey.objects.usable().order_by("pk").first(), ""
    return issuing.issue(FIRST_KEY)
