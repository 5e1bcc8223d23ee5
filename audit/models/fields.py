import re
from decimal import Decimal
from typing import Any

import msgspec
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.models.packing import packed, unpacked

NAME_LENGTH = 200
DIGEST_BYTES = 16
DIGEST = re.compile(r"[0-9a-f]{32}")
_AS_BYTES = models.BinaryField()
_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder().decode


def name(help_text: str = "") -> "models.CharField[str, str]":
    return models.CharField(max_length=NAME_LENGTH, blank=True, default="", help_text=help_text)


def money() -> "models.DecimalField[Decimal | None, Decimal | None]":
    """USD; null is unknown, never zero."""
    return models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)


class PlainJSONField(models.JSONField):
    """What `PackedJSONField` was before, as the first migrations know it."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)


class PackedField(models.BinaryField):  # type: ignore[type-arg]  # takes none when it runs
    """Bytes that are only ever read whole, in a third of their room."""

    def get_internal_type(self) -> str:
        return "PackedField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return _AS_BYTES.db_type(connection)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(packed(bytes(value)), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return unpacked(bytes(value))


class PackedJSONField(PackedField):
    """A list that is only ever read whole."""

    def get_internal_type(self) -> str:
        return "PackedJSONField"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_encode_json(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return _decode_json(super().from_db_value(value, expression, connection))


class DigestField(models.CharField):  # type: ignore[type-arg]  # takes none when it runs
    """A digest of 16 bytes, in hex; stored as these bytes. Any other text is kept as it is."""

    def get_internal_type(self) -> str:
        return "DigestField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return _AS_BYTES.db_type(connection)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return _AS_BYTES.get_db_prep_value(digest_bytes(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str:
        stored = bytes(value)
        return stored.hex() if len(stored) == DIGEST_BYTES else stored.decode().removesuffix("\0")


def digest_bytes(text: str) -> bytes:
    if DIGEST.fullmatch(text):
        return bytes.fromhex(text)
    written = text.encode()
    return written + b"\0" if len(written) == DIGEST_BYTES else written


def code() -> "models.BinaryField[bytes, bytes]":
    """Of the chain; empty where there is none."""
    return models.BinaryField(max_length=16, default=b"", editable=False)
