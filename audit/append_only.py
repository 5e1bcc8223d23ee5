"""The database itself refuses to change or remove what was recorded, whoever asks.

Allowed is what the record's own life needs: an open attempt ends, an assumed outcome gives way to the real one, and
what a tombstone covers, or was made to try things with, may go. Made anew after each `migrate`, because SQLite loses
the triggers of a table that it rebuilds and refuses to rebuild one that a trigger looks into.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Of each table, the rows that may still change
OPEN_ROWS = {
    "audit_routingdecision": "false",
    "audit_attempt": "OLD.duration IS NULL",
    "audit_outcome": "OLD.sequence IS NULL",
    "audit_refusal": "false",
}
OF_DECISION = ("audit_attempt", "audit_outcome")
REFUSED = "The record is append-only"
MAY_GO = """
    EXISTS (SELECT 1 FROM audit_removal WHERE writer_id = OLD.writer_id AND OLD.sequence BETWEEN first AND last)
    OR EXISTS (SELECT 1 FROM audit_writer WHERE id = OLD.writer_id AND is_synthetic)
"""
# What stands in no sequence of its own goes with its decision
MAY_GO_WITH_ITS_DECISION = f"""{MAY_GO} OR OLD.sequence IS NULL AND EXISTS (
        SELECT 1 FROM audit_routingdecision JOIN audit_removal USING (writer_id)
        WHERE audit_routingdecision.id = OLD.decision_id
        AND audit_routingdecision.sequence BETWEEN audit_removal.first AND audit_removal.last
    )
"""


def protect(connection: BaseDatabaseWrapper) -> None:
    """Safe to run twice. Does nothing where the record's tables are not, or not all, there."""
    if {*OPEN_ROWS, "audit_removal", "audit_writer"} - set(connection.introspection.table_names()):
        return
    lift(connection)
    with connection.cursor() as cursor:
        for table in OPEN_ROWS:
            for statement in MADE[connection.vendor](table):
                cursor.execute(statement)


def lift(connection: BaseDatabaseWrapper) -> None:
    """For a migration, or for tests that change the record as only a database's owner can."""
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in present & OPEN_ROWS.keys():
            for statement in LIFTED[connection.vendor](table):
                cursor.execute(statement)


def lift_before(plan: list[Any], using: str, **_: Any) -> None:
    if plan:
        lift(connections[using])


def protect_after(using: str, plan: list[Any] | None = None, **_: Any) -> None:
    """After `migrate`, not after a `flush`, which has no plan."""
    if plan is not None:
        protect(connections[using])


def may_go(table: str) -> str:
    return MAY_GO_WITH_ITS_DECISION if table in OF_DECISION else MAY_GO


def on_sqlite(table: str) -> list[str]:
    return [
        f"""CREATE TRIGGER {table}_{event} BEFORE {event} ON {table} WHEN NOT ({allowed})
        BEGIN SELECT RAISE(ABORT, '{REFUSED}: {event} of {table} is refused'); END"""
        for event, allowed in (("UPDATE", OPEN_ROWS[table]), ("DELETE", may_go(table)))
    ]


def on_postgresql(table: str) -> list[str]:
    return [
        f"""CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'UPDATE' THEN IF {OPEN_ROWS[table]} THEN RETURN NEW; END IF;
            ELSIF TG_OP = 'DELETE' THEN IF {may_go(table)} THEN RETURN OLD; END IF;
            END IF;
            RAISE EXCEPTION '{REFUSED}: % of {table} is refused', TG_OP USING ERRCODE = 'restrict_violation';
        END $$""",
        f"CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard()",
        f"CREATE TRIGGER guard_all BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_guard()",
    ]


MADE = {"sqlite": on_sqlite, "postgresql": on_postgresql}
LIFTED = {
    "sqlite": lambda table: [f"DROP TRIGGER IF EXISTS {table}_{event}" for event in ("UPDATE", "DELETE")],
    "postgresql": lambda table: [f"DROP FUNCTION IF EXISTS {table}_guard() CASCADE"],
}
