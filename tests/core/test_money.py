from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni.core import money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("50000", "VND", 50000),
        ("19.99", "USD", 1999),
        ("1.2345", "KWD", 1235),
        ("0.005", "USD", 1),
        ("-0.005", "USD", -1),
    ],
)
def test_amounts_become_minor_units_rounded_half_up(amount, currency, minor):
    assert money.to_minor(Decimal(amount), currency) == minor


def test_a_currency_that_is_none_is_refused():
    with pytest.raises(ValueError, match="XXQ"):
        money.exponent("XXQ")


@given(amount=st.integers(-(10**12), 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_of_a_split_sum_to_the_amount_and_lie_within_one_unit_of_their_share(amount, weights):
    parts = money.split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))


def test_ties_of_a_split_go_to_the_earlier_part():
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]


@given(amount=st.integers(-(10**9), 10**9), top=st.integers(0, 10**6), bottom=st.integers(1, 10**6))
def test_a_share_is_rounded_half_away_from_zero(amount, top, bottom):
    exact = Decimal(amount) * top / Decimal(bottom)
    assert abs(money.share_of(amount, top, bottom) - exact) <= Decimal("0.5")
    assert money.share_of(5, 1, 2) == 3
    assert money.share_of(-5, 1, 2) == -3


def test_people_read_money_in_their_language():
    assert money.show(1250000, "VND", "vi").replace("\xa0", " ") == "1.250.000 ₫"
    assert money.show(1250000, "VND", "en") == "₫1,250,000"
    assert money.show(1999, "USD", "en") == "$19.99"
