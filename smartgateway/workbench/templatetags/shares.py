"""Shares of 1, and what becomes more or less, on pages."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from smartgateway.dashboard.templatetags.amounts import cents, fine
from smartgateway.workbench.backtest.figures import Money

register = template.Library()
IN_CENTS = Decimal("0.1")  # from here on


@register.filter
def share(part: float | None) -> str:
    """`97.5 %`, a dash where there is nothing to have a share of."""
    return "–" if part is None else f"{100 * part:.1f} %"


@register.filter
def moved(money: Money) -> SafeString:
    """`−$2.95 to −$0.03`: both ends with the same decimals, and a line never ends within one."""
    largest = max(abs(money.less), abs(money.more))
    shown = cents if largest >= IN_CENTS or not largest else fine
    less, more = (f"{'+' if end > 0 else ''}{shown(end)}" for end in (money.less, money.more))
    if money.is_exact:
        return format_html('<span class="amount">{}</span>', less)
    return format_html('<span class="amount">{}</span> to <span class="amount">{}</span>', less, more)
