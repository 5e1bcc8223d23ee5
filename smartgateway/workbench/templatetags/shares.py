"""Shares of 1 on pages."""

from django import template

register = template.Library()


@register.filter
def share(part: float | None) -> str:
    """`97.5 %`, a dash where there is nothing to have a share of."""
    return "–" if part is None else f"{100 * part:.1f} %"
