"""How amounts are written on every page."""

from decimal import Decimal

from django import template

from smartgateway.dashboard.decisions import PHASES

register = template.Library()
MINUS = "\N{MINUS SIGN}"
SMALLEST_SHOWN = Decimal("0.0001")


@register.filter
def usd(amount: Decimal | None) -> str:
    """`$1,234`, `$12.30`, `$0.42`, `$0.0042`; a loss carries its minus, an unknown amount its name."""
    if amount is None:
        return "unknown"
    size = abs(amount)
    if 0 < size < SMALLEST_SHOWN:
        return f"{MINUS if amount < 0 else ''}<${SMALLEST_SHOWN}"
    digits = 0 if size >= 1000 else 2 if size >= Decimal("0.1") or not size else 4
    return f"{MINUS if amount < 0 else ''}${size:,.{digits}f}"


@register.filter
def cents(amount: Decimal | None) -> str:
    """`$1,234.50`, `$0.04`: sums in a column, where every amount needs the same decimals."""
    return _column(amount, 2)


@register.filter
def fine(amount: Decimal | None) -> str:
    """`$0.0042`, `$0.0000`: single requests in a column."""
    return _column(amount, 4)


def _column(amount: Decimal | None, digits: int) -> str:
    if amount is None:
        return "unknown"
    size, smallest = abs(amount), Decimal(1).scaleb(-digits)
    if 0 < size < smallest:
        return f"{MINUS if amount < 0 else ''}<${smallest}"
    return f"{MINUS if amount < 0 else ''}${size:,.{digits}f}"


@register.filter
def count(number: int) -> str:
    return f"{number:,}"


@register.filter
def percent(number: float | None) -> str:
    """`38 %`; a share that is there but tiny is never shown as 0, a loss carries its minus."""
    if number is None:
        return "–"
    if 0 < abs(number) < 1:
        return f"{MINUS if number < 0 else ''}<1 %"
    return f"{MINUS if number < 0 else ''}{abs(number):.0f} %"


@register.filter
def seconds(duration: float | None) -> str:
    """`0.8 ms`, `340 ms`, `2.4 s`."""
    if duration is None:
        return "–"
    if duration < 0.01:
        return f"{duration * 1000:.1f} ms"
    return f"{duration * 1000:.0f} ms" if duration < 1 else f"{duration:.1f} s"


@register.filter
def phase(name: str) -> str:
    """How it was decided, in words."""
    return PHASES.get(name, name or "–")


@register.filter
def change(amount: Decimal) -> str:
    """`+$12.30`, `−$0.42`, `$0.00`: what becomes more or less."""
    return f"+{usd(amount)}" if amount > 0 else usd(amount)
