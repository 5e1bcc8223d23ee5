from decimal import Decimal

import pytest

from smartgateway.workbench.backtest.figures import Money
from smartgateway.workbench.templatetags.shares import moved


@pytest.mark.parametrize(
    ("before", "low", "high", "shown"),
    [
        pytest.param("3", "0.05", "2.97", ["−$2.95", "−$0.03"], id="the same decimals at both ends"),
        pytest.param("0.05", "0.0032", "0.0501", ["−$0.0468", "+$0.0001"], id="small ones finely"),
        pytest.param("1", "3.5", "3.5", ["+$2.50"], id="one figure where it is exact"),
        pytest.param("1", "1", "1", ["$0.00"], id="nothing"),
        pytest.param("1", "1", "2", ["$0.00", "+$1.00"], id="nothing to something"),
    ],
)
def test_what_becomes_more_or_less_has_its_ends_each_on_one_line(before, low, high, shown):
    found = moved(Money(Decimal(before), Decimal(low), Decimal(high)))

    assert found == " to ".join(f'<span class="amount">{each}</span>' for each in shown)
