"""Makes keys. The secret leaves here once and is stored nowhere."""

import hashlib
import secrets

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from routing.models import AdminChange
from smartgateway.keys.models import ApiKey, Team

PREFIX = "sk-sg-"
DEFAULT_TEAM = "default"
SHORTEST_SECRET = 20
SHOWN_OF_PREFIX = 10
COMMAND = "command line"  # the author of a key that nobody owns


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def mint(key: ApiKey, secret: str = "") -> str:
    """Gives an unsaved key its secret, a new one unless it is handed in, and returns it."""
    secret = secret or PREFIX + secrets.token_urlsafe(32)
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"an API key needs at least {SHORTEST_SECRET} characters")
    key.prefix, key.last_four, key.digest = secret[:SHOWN_OF_PREFIX], secret[-4:], digest_of(secret)
    return secret


@transaction.atomic
def issue(
    name: str, team_name: str = DEFAULT_TEAM, *, owner: User | None = None, secret: str | None = None
) -> tuple[ApiKey, str]:
    """A key for the team, which is created if it is new. A secret that already is a key gives that key."""
    known = ApiKey.objects.filter(digest=digest_of(secret)).first() if secret else None
    if secret and known:
        return known, secret
    key = ApiKey(name=name, team=team_named(team_name), owner=owner)
    minted = mint(key, secret or "")
    key.full_clean()
    key.save()
    _log(key)
    return key, minted


def _log(key: ApiKey) -> None:
    owner = key.owner.username if key.owner else None
    AdminChange.objects.note(
        AdminChange.Action.ADDED,
        str(key._meta.verbose_name),
        author=owner or COMMAND,
        object_id=key.pk,
        name=str(key),
        after={"name": key.name, "team": key.team.name, "owner": owner},
    )


def team_named(name: str) -> Team:
    known = Team.objects.filter(name=name).first()
    if known:
        return known
    team = Team(name=name, slug=slugify(name)[:50] or secrets.token_hex(4))
    team.full_clean()
    team.save()
    return team
