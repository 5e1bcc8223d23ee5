"""Compares the price rows with the published table, and takes its changes over with `--apply`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from routing import policies
from routing.models import ModelPrice, PolicyVersion
from routing.models.prices import PARTS
from routing.prices import changes
from routing.prices.changes import Difference


class Command(BaseCommand):
    help = (
        "Compares Claude's prices with those of the package genai-prices. --apply takes its changes over, as new rows "
        "from now on. What was set by hand stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", action="store_true", help="Write what differs.")
        parser.add_argument("--model", action="append", default=[], help="One more model to look up; may be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        from routing.prices import published  # 25 MB that nothing else needs

        self.stdout.write(f"{published.TABLE}, in USD per million tokens")
        now, differences = timezone.now(), []
        for model in sorted({*models_in_use(), *options["model"]}):
            try:
                found = changes.difference(model, published.published(model, now))
            except published.UnreadablePriceError as exc:
                self.stdout.write(f"? {model:<24} published {exc}: left alone")
                continue
            differences.append(found)
            self.stdout.write(line(found))
        if options["apply"]:
            changes.apply(differences)
        self.stdout.write(summary(differences, is_applied=options["apply"]))


def models_in_use() -> Iterable[str]:
    """Claude's, with a price here or a name in the published policy."""
    yield from ModelPrice.objects.filter(provider_name="anthropic").values_list("model", flat=True)
    version = PolicyVersion.objects.newest()
    if version is not None:
        served = policies.served_models(version.content)
        yield from (model for _, provider_name, model in served if provider_name == "anthropic")


def line(found: Difference) -> str:
    if found.published is None:
        return f"? {found.model:<24} not in the table: left alone"
    if found.is_new:
        prices = ((part.replace("_", " "), getattr(found.published, f"{part}_per_mtok")) for part in PARTS)
        return f"+ {found.model:<24} new: " + ", ".join(f"{part} {shown(price)}" for part, price in prices)
    if not found.amounts:
        return f"  {found.model:<24} unchanged"
    amounts = found.amounts.items()
    differing = ", ".join(f"{title(name)} {shown(here)} → {shown(there)}" for name, (here, there) in amounts)
    if found.is_kept:
        return f"! {found.model:<24} set by hand, stays: {differing}"
    return f"~ {found.model:<24} {differing}"


def title(name: str) -> str:
    return name.removesuffix("_per_mtok").replace("_", " ")


def shown(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else "none" if value is None else str(value)


def summary(differences: list[Difference], *, is_applied: bool) -> str:
    counts = {
        "new": sum(found.is_new for found in differences),
        "changed": sum(found.is_changed for found in differences),
        "set by hand": sum(found.is_kept and bool(found.amounts) for found in differences),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    if not (counts["new"] or counts["changed"]):
        return f"{told}. There is nothing to take over."
    return f"{told}. {'Written, from now on.' if is_applied else 'Nothing was written: --apply does.'}"
