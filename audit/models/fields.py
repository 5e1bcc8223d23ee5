from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

NAME_LENGTH = 200


def name(help_text: str = "") -> "models.CharField[str, str]":
    return models.CharField(max_length=NAME_LENGTH, blank=True, default="", help_text=help_text)


def money() -> "models.DecimalField[Decimal | None, Decimal | None]":
    """USD; null is unknown, never zero."""
    return models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)


class PlainJSONField(models.JSONField):
    """JSON that is only ever read whole: as text, which in PostgreSQL takes half the room of its binary form."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """psycopg decodes this type itself."""
        return value if isinstance(value, list) else super().from_db_value(value, expression, connection)


def code() -> "models.BinaryField[bytes, bytes]":
    """Of the chain; empty where there is none."""
    return models.BinaryField(max_length=16, default=b"", editable=False)
