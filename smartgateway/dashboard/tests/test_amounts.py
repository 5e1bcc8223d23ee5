from decimal import Decimal

import pytest

from smartgateway.dashboard.templatetags.amounts import cents, fine, percent, usd


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        ("0", "$0.00"),
        ("0.00001", "<$0.0001"),
        ("-0.00001", "−<$0.0001"),
        ("0.0042", "$0.0042"),
        ("0.42", "$0.42"),
        ("12.3", "$12.30"),
        ("-12.345", "−$12.34"),
        ("1234.5", "$1,234"),
    ],
)
def test_money_is_written_as_precisely_as_its_size_needs(amount, text):
    assert usd(None if amount is None else Decimal(amount)) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        ("0", "$0.00"),
        ("0.004", "<$0.01"),
        ("-0.004", "−<$0.01"),
        ("0.0426", "$0.04"),
        ("-12.345", "−$12.34"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_sums_in_a_column_all_have_cents(amount, text):
    assert cents(None if amount is None else Decimal(amount)) == text


@pytest.mark.parametrize(("amount", "text"), [("0", "$0.0000"), ("0.0871", "$0.0871"), ("0.00001", "<$0.0001")])
def test_requests_in_a_column_all_have_four_decimals(amount, text):
    assert fine(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0, "0 %"), (0.2, "<1 %"), (-0.2, "−<1 %"), (37.6, "38 %"), (-200, "−200 %")]
)
def test_a_share_that_is_there_is_never_shown_as_none(share, text):
    assert percent(share) == text
