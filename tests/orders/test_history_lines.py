"""What a line of another system's books is; pure rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.history import online_retail, simple_csv
from orders.history.lines import Refused
from orders.history.matching import Returned, Sold, match


def retail(invoice="900001", code="10001", quantity="1", price="2.55", at="2011-07-05 13:30:00"):
    return online_retail.read([invoice, code, " MUG ", quantity, at, price, "501.0", "France"])


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "sale"),
        ({"price": "0.0"}, "sale"),
        ({"code": "post"}, "charge"),
        ({"code": "PADS", "price": "0.001"}, "sale"),
        ({"quantity": "-5", "price": "0"}, "write_off"),
        ({"invoice": "C9", "quantity": "-1"}, "return"),
        ({"invoice": "c9", "quantity": "-1"}, "return"),
        ({"invoice": "C9", "code": "D", "quantity": "-1"}, "charge_back"),
        ({"invoice": "A9", "code": "B", "price": "-11062.06"}, "adjustment"),
    ],
)
def test_the_number_and_the_code_say_what_a_line_is(fields, kind):
    assert retail(**fields).kind == kind


@pytest.mark.parametrize(
    ("fields", "column", "code", "amount"),
    [
        ({"quantity": "six"}, "Quantity", "bad_number", 0),
        ({"quantity": "1.5"}, "Quantity", "bad_number", 0),
        ({"quantity": "99999999999"}, "Quantity", "out_of_range", 0),
        ({"price": "cheap"}, "UnitPrice", "bad_number", 0),
        ({"price": "NaN"}, "UnitPrice", "bad_number", 0),
        ({"price": "1e40"}, "UnitPrice", "out_of_range", 0),
        ({"at": "05/07/2011"}, "InvoiceDate", "bad_date", 255),
        ({"invoice": " "}, "InvoiceNo", "empty", 255),
        ({"invoice": "9" * 21}, "InvoiceNo", "too_long", 255),
        ({"invoice": "9~2"}, "InvoiceNo", "bad_character", 255),
        ({"code": ""}, "StockCode", "empty", 255),
        ({"quantity": "0"}, "Quantity", "zero_quantity", 0),
        ({"quantity": "-2"}, "Quantity", "negative_quantity", -510),
        ({"invoice": "C9", "quantity": "2"}, "Quantity", "positive_quantity", 510),
        ({"price": "-2.55"}, "UnitPrice", "negative_price", -255),
    ],
)
def test_what_cannot_be_understood_is_refused_with_column_code_and_amount(fields, column, code, amount):
    with pytest.raises(Refused) as refused:
        retail(**fields)
    assert (refused.value.column, refused.value.code, refused.value.amount) == (column, code, amount)


def test_codes_that_differ_by_case_are_one_and_times_are_london_s():
    line = retail(code="85123a")
    assert line.sku == "85123A"
    assert line.name == "MUG"
    assert line.customer == "501"
    assert line.happened_at == datetime(2011, 7, 5, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [("1500", "0.001", 150), ("1", "0.001", 0), ("5", "0.001", 1), ("4", "0.001", 0), ("3", "1.115", 335)],
)
def test_a_line_is_rounded_once_half_up(quantity, price, amount):
    assert retail(quantity=quantity, price=price).amount == amount


def test_half_a_penny_below_zero_goes_away_from_zero():
    assert retail(invoice="A1", code="B", price="-50.005").amount == -5001


def test_the_own_csv_knows_currencies_without_decimals_and_offsets():
    row = ["s-1", "sale", "2026-01-05T09:30:00+07:00", "nón", "Nón lá", "2", "85000", "vnd", "KH-1", "VN"]
    line = simple_csv.read(row)
    assert (line.document, line.sku, line.unit_price, line.amount, line.currency) == (
        "S-1",
        "NÓN",
        85000,
        170000,
        "VND",
    )
    assert line.happened_at == datetime(2026, 1, 5, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (1, "gift", "bad_kind"),
        (2, "yesterday", "bad_date"),
        (7, "ZZZ", "bad_currency"),
        (1, "write_off", "positive_quantity"),
        (1, "return", "positive_quantity"),
    ],
)
def test_the_own_csv_refuses_what_it_does_not_know(column, value, code):
    row = ["s-1", "sale", "2026-01-05T09:30:00", "a", "A", "2", "85000", "VND", "", ""]
    row[column] = value
    with pytest.raises(Refused) as refused:
        simple_csv.read(row)
    assert refused.value.code == code


MONDAY = datetime(2011, 1, 3, tzinfo=UTC)


def sold(line, *, order=1, day=0, price=100, left=5, money=10_000, sku="MUG", record=1):
    return Sold(line, order, order, record, sku, price, MONDAY + timedelta(days=day), left, money)


def back(row=1, *, quantity=1, price=100, day=9, sku="MUG", record: int | None = 1):
    return Returned(row, 1, row, record, sku, quantity, price, quantity * price, MONDAY + timedelta(days=day))


def lines(found):
    return [sale.line if sale else None for _, sale in found]


def test_the_same_price_goes_first_then_the_latest_sale():
    shelf = [sold(1, day=1), sold(2, day=2), sold(3, day=3, price=120)]
    assert lines(match([back()], shelf)) == [2]
    assert lines(match([back(price=120)], shelf)) == [3]
    assert lines(match([back(price=90)], shelf)) == [3]


def test_nothing_fits_of_another_customer_or_sku_or_a_later_day():
    assert lines(match([back()], [sold(1, record=2)])) == [None]
    assert lines(match([back()], [sold(1, sku="BOX")])) == [None]
    assert lines(match([back()], [sold(1, day=10)])) == [None]
    assert lines(match([back(record=None)], [sold(1)])) == [None]


def test_a_sale_takes_back_no_more_units_and_gives_back_no_more_money_than_it_has():
    assert lines(match([back(1, quantity=3), back(2, quantity=3)], [sold(1)])) == [1, None]
    assert lines(match([back(1, price=300), back(2, price=300)], [sold(1, money=400)])) == [1, None]
    assert lines(match([back(1), back(2)], [sold(1, money=150), sold(2, order=1, money=150, day=1)])) == [2, None]


@given(st.data())
def test_whatever_comes_back_no_sale_is_overdrawn(data):
    shelf = [
        sold(n, order=n % 3, day=data.draw(st.integers(0, 9)), left=data.draw(st.integers(1, 4)), money=300)
        for n in range(1, 7)
    ]
    returned = [
        back(n, quantity=data.draw(st.integers(1, 3)), price=data.draw(st.sampled_from([90, 100])), day=n)
        for n in range(1, 9)
    ]
    found = match(returned, shelf)
    assert sorted(line.row for line, _ in found) == list(range(1, 9))
    for sale in shelf:
        assert sum(line.quantity for line, by in found if by is sale) <= sale.left
    for order in range(3):
        assert sum(line.amount for line, by in found if by and by.order == order) <= 300
