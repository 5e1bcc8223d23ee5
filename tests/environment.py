"""What the tests run in: no `.env`, none of the caller's settings, databases of their own; a skip is a failure.

`--services-only` keeps the tests that use the database or Redis: `make test` runs these again against real servers.
Tests marked `redis` need a server (fixture `redis_url`, empty database) and run only where `REDIS_URL` names one.
"""

import os
import re
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"DATABASE_URL", "REDIS_URL"}
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_serialized_rollback", "live_server"}


def variables(example: str) -> set[str]:
    """The names in the text of an `.env.example`, set or commented out."""
    return set(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", example, re.MULTILINE))


def own_redis_database(url: str, worker: str) -> str:
    """Parallel test processes share one server; each has a database of its own there."""
    return f"{url}?db={worker.removeprefix('gw')}"


for name in variables((ROOT / ".env.example").read_text()) - KEPT:
    os.environ.pop(name, None)
os.environ["READ_DOT_ENV"] = "0"
os.environ["SECRET_KEY"] = "a-key-for-tests-only-that-is-long-enough-to-pass-the-deploy-check"
os.environ["AUDIT_CHAIN_KEY"] = "a-chain-key-for-tests-only"
if os.environ.get("REDIS_URL") and "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["REDIS_URL"] = own_redis_database(os.environ["REDIS_URL"], os.environ["PYTEST_XDIST_WORKER"])
# How long a draw or an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser):
    parser.addoption("--services-only", action="store_true", help="only tests that use the database or Redis")
    parser.addoption("--write-goldens", action="store_true", help="write the files below tests/goldens anew")
    parser.addoption("--chaos-rounds", type=int, help="rounds of tests/test_chaos.py, whatever is usual")
    parser.addoption("--chaos-seed", type=int, help="of its choices; a run logs the one it had")


@pytest.fixture(scope="session", autouse=True)
def _sqlite_in_a_file(tmp_path_factory):
    """A file instead of SQLite's shared memory, whose table locks no timeout governs."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_quickly():
    """Django's own hash takes a fifth of a second for each user who is made or logs in, as it should elsewhere."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def _record_can_be_changed():
    """Tests clear their tables and tamper with the record, as only the owner of a database can; see `append_only`."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    post_migrate.disconnect(sender=apps.get_app_config("audit"), dispatch_uid="audit.append_only")


@pytest.fixture
def append_only(db):
    """The database refuses what it refuses in production."""
    from django.db import connection

    from audit.append_only import lift, protect

    protect(connection)
    yield
    lift(connection)


@pytest.fixture
def redis_url():
    import redis

    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
    return url


def pytest_collection_modifyitems(config, items):
    wanted = uses_services if config.getoption("--services-only") else lambda item: True
    can_run = [item for item in items if os.environ.get("REDIS_URL") or not item.get_closest_marker("redis")]
    kept = [item for item in can_run if wanted(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def uses_services(item):
    fixtures = set(getattr(item, "fixturenames", ()))
    markers = {marker.name for marker in item.iter_markers()}
    return bool(markers & {"django_db", "redis"} or fixtures & DATABASE_FIXTURES)


def pytest_sessionfinish(session):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
