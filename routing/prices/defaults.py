"""The prices that the release ships."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from routing.models.prices import PARTS, ModelPrice

SHIPPED = Path(__file__).parent.parent / "defaults" / "prices.yaml"


def load_defaults() -> int:
    """Adds the shipped prices of models that have no row yet; an operator's rows stay. The number added."""
    known = set(ModelPrice.objects.values_list("provider_name", "model"))
    rows = [row for row in shipped_rows() if (row.provider_name, row.model) not in known]
    ModelPrice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def shipped_rows() -> Iterator[ModelPrice]:
    shipped = yaml.safe_load(SHIPPED.read_text())
    for provider_name in ("anthropic", "local"):
        for model, entry in shipped[provider_name].items():
            yield _row(provider_name, model, {"from": shipped["from"], "source": shipped["source"], **entry})


def _row(provider_name: str, model: str, entry: Mapping[str, Any]) -> ModelPrice:
    prices = {f"{part}_per_mtok": Decimal(text) for part, text in zip(PARTS, entry["prices"], strict=True)}
    if "above" in entry:
        prices |= {f"above_{part}_per_mtok": Decimal(text) for part, text in zip(PARTS, entry["above"], strict=True)}
    return ModelPrice(
        provider_name=provider_name,
        model=model,
        above_input_tokens=entry.get("above_input_tokens"),
        valid_from=_start(entry["from"]),
        source=entry["source"],
        **prices,
    )


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
