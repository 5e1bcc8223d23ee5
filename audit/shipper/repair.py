"""A value that the database refused, made acceptable: a poorer row is better than none."""

import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.db import models

from audit.models.record import PHASES, STATUSES, TIERS

INTEGER_MAX = {"PositiveSmallIntegerField": 2**15 - 1, "PositiveIntegerField": 2**31 - 1}
WORDS = {
    "tier": (TIERS, ""),
    "served_tier": (TIERS, ""),
    "phase": (PHASES, "explicit"),
    "status": (STATUSES, "failed"),
}
MONEY_LIMIT = Decimal(10) ** 10
MONEY_PLACES = 10
SMALLEST = Decimal(1).scaleb(-MONEY_PLACES)


def repaired(field: "models.Field[Any, Any]", value: Any) -> Any:
    kind = field.get_internal_type()
    if kind in ("CharField", "DigestField"):
        return _text(field, value)
    if kind in INTEGER_MAX and value is not None:
        return min(max(int(value), 0), INTEGER_MAX[kind])
    if kind == "FloatField" and value is not None:
        return value if math.isfinite(value) else 0.0
    if kind == "DecimalField":
        return _money(value)
    if kind in ("JSONField", "PackedJSONField"):
        return _json(value)
    return value


def rounded(amount: str | None) -> str | None:
    """To the places of the tables' money, the same in every database."""
    if amount is None or (len(amount) - amount.find(".") <= MONEY_PLACES + 1 and "E" not in amount):
        return amount
    return f"{Decimal(amount).quantize(SMALLEST, ROUND_HALF_UP):f}"


def _text(field: "models.Field[Any, Any]", value: str) -> str:
    words, otherwise = WORDS.get(field.name, ([], ""))
    if words:
        return value if value in words else otherwise
    return value.replace("\x00", "")[: field.max_length]


def _money(value: str | None) -> str | None:
    try:
        return value if value is not None and abs(Decimal(value)) < MONEY_LIMIT else None
    except InvalidOperation:
        return None


def _json(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\\u0000", "").replace("\x00", "")
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value
