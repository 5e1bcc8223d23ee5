from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class PlainJSONField(models.JSONField):
    """JSON that is only ever read whole: as text, which in PostgreSQL takes half the room of its binary form."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """psycopg decodes this type itself."""
        return value if isinstance(value, list) else super().from_db_value(value, expression, connection)
