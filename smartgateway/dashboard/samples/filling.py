"""Rows straight into the record's tables: by COPY in PostgreSQL, in small batches elsewhere.

A row is a list of values as `encoded` makes them; `id` and times are put in as text.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from audit.shipper.tables import Row, Table

BATCH_ROWS = 500
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def encoded(row: Row) -> Row:
    """As COPY reads its text; other databases take the values as they are."""
    return [_text(value) for value in row] if connection.vendor == "postgresql" else row


def _text(value: Any) -> str:
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case list() | tuple() | dict():
            return json.dumps(value).translate(ESCAPES)
        case _:
            return str(value).translate(ESCAPES)


def fill(table: Table, rows: Sequence[Row]) -> None:
    if connection.vendor == "postgresql":
        _copy(table, rows)
        return
    for start in range(0, len(rows), BATCH_ROWS):
        table.insert(rows[start : start + BATCH_ROWS])


def _copy(table: Table, rows: Sequence[Row]) -> None:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in table.columns)
    with connection.cursor() as cursor:
        statement = f"COPY {quote(table.model._meta.db_table)} ({columns}) FROM STDIN"
        with cursor.cursor.copy(statement) as copy:
            copy.write("".join(["\t".join(row) + "\n" for row in rows]))
