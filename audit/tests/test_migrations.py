"""What old versions recorded stays what it is, on the database that the tests run on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

ALIAS = "of_an_old_version"
REASONS = [["simple_task", "prose_chars 39", "300", 0.87, "LOCAL", True], ["opus_score", 0.0, 0.5, -0.5, "", False]]
CANDIDATES = [["local", "0"], ["opus", None]]
WRITTEN = {
    "id": UUID(int=7),
    "created_at": datetime(2026, 3, 1, tzinfo=UTC),
    "sequence": 1,
    "team_id": 1,
    "key_id": 1,
    "confidence": 1.0,
    "score": 0.5,
    "classifier_latency_ms": 0.0,
    "writer_id": 1,
    "policy_version": 1,
    "classifier_input_tokens": 0,
    "classifier_output_tokens": 0,
    "is_stream": False,
    "is_human_ask": True,
    "is_housekeeping": False,
    "is_agentic": False,
    "tier": "local",
    "phase": "heuristic",
    "reasons": REASONS,
    "candidates": CANDIDATES,
    "features": b"\x92features",
}


@pytest.fixture
def empty_database(db, tmp_path) -> Iterator[str]:
    """A database of its own beside the tests' one; its alias."""
    name = str(tmp_path / "old.sqlite3")
    if connection.vendor == "postgresql":
        name = f"{connection.settings_dict['NAME']}_old"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    made = connection.copy(ALIAS)
    made.settings_dict = {**connection.settings_dict, "NAME": name}
    connections[ALIAS] = made
    yield ALIAS
    made.close()
    del connections[ALIAS]
    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


def migrate(alias, name):
    executor = MigrationExecutor(connections[alias])
    return executor.migrate([("audit", name)]).apps


@pytest.mark.parametrize("session", ["ab" * 16, "my session", "exactly 16 bytes", ""])
def test_decisions_keep_their_values_when_these_are_packed(empty_database, session):
    before = migrate(empty_database, "0011_work_on_reports").get_model("audit", "RoutingDecision")
    before.objects.using(empty_database).create(**WRITTEN, session_id=session)

    after = migrate(empty_database, "0012_packed_values").get_model("audit", "RoutingDecision")

    found = after.objects.using(empty_database).filter(session_id=session).values(*WRITTEN, "session_id").get()
    assert found | {"features": bytes(found["features"])} == WRITTEN | {"session_id": session}
