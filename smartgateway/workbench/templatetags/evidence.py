"""How evidence is worded."""

from django import template

from routing.models import PhraseList, Threshold
from smartgateway.workbench.evidence import places

register = template.Library()
AFTERWARDS = {
    "asked_again": "asked again",
    "raised": "raised by hand",
    "too_weak": "too weak",
    "too_strong": "too strong",
    "bad": "bad",
    "good": "good",
    "failed": "failed",
    "cancelled": "given up",
    "moved": "another tier served",
    "retried": "retried",
}


@register.filter
def afterwards(happened: str) -> str:
    return AFTERWARDS.get(happened, happened)


@register.filter
def words(identifier: str) -> str:
    return identifier.replace("_", " ")


@register.filter
def share(part: float | str | None) -> str:
    """`84.2 %` of a part of 1."""
    return f"{100 * part:.1f} %" if isinstance(part, float) else "–"


@register.filter
def named(table: dict[str, str], name: str) -> str:
    """An entry of a mapping by a name that is only known in the template; empty where there is none."""
    return table.get(name, "")


@register.filter
def plain(value: float) -> str:
    """`30,000`, `0.5`: a threshold as its field shows it."""
    return f"{value:,.10g}"


@register.simple_tag
def rules_of(row: Threshold | PhraseList) -> list[str]:
    """On whose pages it is seen what it does."""
    return places.rules_of(row)
