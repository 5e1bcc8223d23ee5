import asyncio
import logging
import time

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from routing.engine.types import Tier
from smartgateway.keys import snapshots
from smartgateway.keys.errors import KeyRefusedError, KeysUnavailableError
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import ApiKey

SECRET = "sk-sg-a-secret-that-nobody-was-given"


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(clock):
    return snapshots.KeyRing(clock)


@pytest.fixture
def database_away(monkeypatch):
    """Every query of keys fails as it does when the server is gone; counts the attempts."""
    attempts = []

    def fail(*args):
        attempts.append(args)
        raise OperationalError("connection refused")

    def go_away():
        monkeypatch.setattr(snapshots, "_read", fail)
        monkeypatch.setattr(ApiKey.objects.__class__, "fingerprint", fail)
        return attempts

    return go_away


@pytest.fixture
def no_lookup(monkeypatch):
    """Unknown keys are not found, without a database; gives the list of lookups."""
    asked = []
    monkeypatch.setattr(snapshots, "_read", lambda digest: asked.append(digest))
    return asked


def authenticate(ring, secret):
    return asyncio.run(ring.authenticate(secret))


@pytest.mark.django_db
def test_a_known_key_needs_no_query(ring, no_lookup):
    key, secret = issue("laptop", "Payments")
    ring.refresh()

    snapshot = authenticate(ring, secret)

    assert (snapshot.id, snapshot.name, snapshot.prefix) == (key.pk, "laptop", secret[:10])
    assert (snapshot.team_id, snapshot.team_name) == (key.team_id, "Payments")
    assert (snapshot.requests_per_minute, snapshot.local_only) == (600, False)
    assert snapshot.allowed_tiers == set(Tier)
    assert no_lookup == []


@pytest.mark.django_db
def test_a_key_never_widens_what_its_team_allows(ring):
    key, secret = issue("laptop", "Legal")
    key.allows_sonnet = False
    key.save()
    key.team.is_local_only, key.team.allows_opus, key.team.requests_per_minute = True, False, 60
    key.team.save()
    ring.refresh()

    snapshot = authenticate(ring, secret)

    assert snapshot.allowed_tiers == {Tier.LOCAL}
    assert snapshot.local_only
    assert snapshot.requests_per_minute == 60


@pytest.mark.django_db
def test_a_refresh_loads_only_what_changed(ring, django_assert_num_queries):
    issue("laptop")

    assert ring.refresh()
    with django_assert_num_queries(1):
        assert not ring.refresh()


@pytest.mark.django_db
def test_everything_is_loaded_again_once_a_minute(ring, clock):
    issue("laptop")
    ring.refresh()

    clock.now += 61

    assert ring.refresh()


@pytest.mark.django_db
def test_a_revoked_key_is_refused_after_the_next_refresh(ring, no_lookup):
    key, secret = issue("laptop")
    ring.refresh()

    key.revoke()
    ring.refresh()

    with pytest.raises(KeyRefusedError, match="revoked"):
        authenticate(ring, secret)


@pytest.mark.django_db
def test_keys_of_a_deactivated_user_are_refused(ring, no_lookup):
    owner = User.objects.create_user("ada")
    _, secret = issue("laptop", owner=owner)
    ring.refresh()

    User.objects.filter(pk=owner.pk).update(is_active=False)
    ring.refresh()

    with pytest.raises(KeyRefusedError):
        authenticate(ring, secret)


@pytest.mark.django_db
def test_a_key_expires_without_any_refresh(ring, clock):
    key, secret = issue("laptop")
    key.expires_at = timezone.now() + timezone.timedelta(hours=1)
    key.save()
    ring.refresh()
    authenticate(ring, secret)

    clock.now += 3601

    with pytest.raises(KeyRefusedError, match="expired"):
        authenticate(ring, secret)


@pytest.mark.django_db(transaction=True)
def test_a_new_key_works_at_once(ring):
    ring.refresh()
    key, secret = issue("laptop")

    assert authenticate(ring, secret).id == key.pk
    assert authenticate(ring, secret).id == key.pk


def test_a_stranger_is_looked_up_once_in_five_seconds(ring, clock, no_lookup):
    for seconds in (0, 0, 6):
        clock.now += seconds
        with pytest.raises(KeyRefusedError):
            authenticate(ring, SECRET)

    assert len(no_lookup) == 2


async def test_requests_with_the_same_unknown_key_wait_for_one_lookup(ring, no_lookup):
    answers = await asyncio.gather(*(ring.authenticate(SECRET) for _ in range(50)), return_exceptions=True)

    assert {type(answer) for answer in answers} == {KeyRefusedError}
    assert len(no_lookup) == 1


async def test_lookups_are_bounded_and_what_is_beyond_is_not_called_a_bad_key(ring, no_lookup):
    secrets = [f"{SECRET}-{number}" for number in range(30)]

    answers = await asyncio.gather(*(ring.authenticate(secret) for secret in secrets), return_exceptions=True)

    kinds = [type(answer) for answer in answers]
    assert kinds.count(KeyRefusedError) == len(no_lookup) == 20
    assert kinds.count(KeysUnavailableError) == 10


async def test_strangers_cannot_fill_the_memory(ring, clock, no_lookup, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_STRANGERS", 3)

    for number in range(10):
        with pytest.raises(KeyRefusedError):
            await ring.authenticate(f"{SECRET}-{number}")

    assert len(ring._strangers) == 3


async def test_a_key_that_was_revoked_while_it_was_looked_up_is_not_kept(ring, monkeypatch):
    def read_while_a_refresh_passes(digest):
        ring._known = {}
        return snapshots.KeySnapshot(1, "laptop", "sk-sg-aaaa", 1, "Payments")

    monkeypatch.setattr(snapshots, "_read", read_while_a_refresh_passes)

    await ring.authenticate(SECRET)

    assert ring._known == {}


@pytest.mark.django_db
def test_known_keys_go_on_while_the_database_is_away_and_unknown_ones_are_not_called_bad(ring, database_away, caplog):
    key, secret = issue("laptop")
    ring.refresh()
    caplog.set_level(logging.WARNING)

    attempts = database_away()
    refreshed = [ring.refresh(), ring.refresh()]

    assert refreshed == [False, False]
    assert authenticate(ring, secret).id == key.pk
    with pytest.raises(KeysUnavailableError):
        authenticate(ring, SECRET)
    assert len(attempts) == 3
    assert [record.message for record in caplog.records] == [
        "API keys cannot be read, 1 known ones go on: connection refused"
    ]
