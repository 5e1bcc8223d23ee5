"""The second pass of the suite really meets the servers that it was started for."""

import os

import pytest
import redis
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_of_the_kind_that_the_environment_names():
    named = os.environ.get("DATABASE_URL", "sqlite:").split(":")[0]

    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        version = cursor.fetchone()[0]

    assert {"sqlite": "sqlite", "postgres": "postgresql"}[named] == connection.vendor
    assert version


@pytest.mark.redis
def test_redis_answers_and_starts_empty(redis_url):
    with redis.Redis.from_url(redis_url) as server:
        assert server.dbsize() == 0
        assert server.set("seen", 1)

    assert redis_url == settings.REDIS_URL
