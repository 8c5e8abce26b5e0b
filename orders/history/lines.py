"""What a line of another system's books is, whatever its format. Pure: no database, no clock."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from omni.core.money import exponent, round_half_up

SALE = "sale"
CHARGE = "charge"
RETURN = "return"
CHARGE_BACK = "charge_back"
ADJUSTMENT = "adjustment"
WRITE_OFF = "write_off"
REFUSED = "refused"
KINDS = (SALE, CHARGE, RETURN, CHARGE_BACK, ADJUSTMENT, WRITE_OFF)

LARGEST_QUANTITY = 2**31 - 1
LARGEST_AMOUNT = 2**53
LONGEST_DOCUMENT = 20
LONGEST_NAME = 300
LONGEST_CODE = 100
# Parts of one return that belong to different orders are told apart by what follows this sign.
PART_SIGN = "~"


class Line(NamedTuple):
    """One line that was understood. `amount` is what it adds to the books: minor units, signed."""

    kind: str
    document: str
    sku: str
    name: str
    quantity: int
    unit_price: int
    amount: int
    customer: str
    country: str
    happened_at: datetime
    currency: str


class Refused(Exception):
    """A line that was not: which column, why, what stood there, and its amount as far as it could be read."""

    def __init__(self, column: str, code: str, value: str = "", amount: int = 0) -> None:
        super().__init__(code)
        self.column = column
        self.code = code
        self.value = value
        self.amount = amount


def quantity_of(text: str, column: str) -> int:
    """A whole number; refuses anything else with `bad_number`."""
    try:
        quantity = int(text)
    except ValueError:
        raise Refused(column, "bad_number", text) from None
    if abs(quantity) > LARGEST_QUANTITY:
        raise Refused(column, "out_of_range", text)
    return quantity


def price_of(text: str, column: str, currency: str) -> Decimal:
    """A decimal in major units as exact minor units, which may have a fraction: `0.001` GBP is 0.1."""
    price = _price(text, currency)
    if price is None:
        raise Refused(column, "bad_number", text)
    if abs(price) > LARGEST_AMOUNT:
        raise Refused(column, "out_of_range", text)
    return price


@lru_cache(maxsize=10_000)
def _price(text: str, currency: str) -> Decimal | None:
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    return price.scaleb(exponent(currency)) if price.is_finite() else None


def amount_of(quantity: int, price: Decimal, column: str) -> int:
    """What the line adds to the books, rounded half up to whole minor units, once, for the whole line."""
    amount = round_half_up(quantity * price)
    if abs(amount) > LARGEST_AMOUNT:
        raise Refused(column, "out_of_range", str(price))
    return amount


@dataclass(frozen=True, slots=True)
class Columns:
    """What a format calls the columns that the common rules speak of."""

    document: str
    sku: str
    name: str
    quantity: str
    price: str
    customer: str


def check(line: Line, price: Decimal, columns: Columns) -> Line:
    """The rules that hold for a line of any format. Raises Refused with the column and one of the codes
    `empty`, `too_long`, `bad_character`, `zero_quantity`, `negative_quantity`, `positive_quantity`,
    `negative_price`, `not_free`; the amount is told with it."""
    for column, value, longest in (
        (columns.document, line.document, LONGEST_DOCUMENT),
        (columns.sku, line.sku, LONGEST_CODE),
        (columns.customer, line.customer, LONGEST_CODE),
    ):
        if not value and column != columns.customer:
            raise Refused(column, "empty", "", line.amount)
        if len(value) > longest:
            raise Refused(column, "too_long", value, line.amount)
    if PART_SIGN in line.document:
        raise Refused(columns.document, "bad_character", line.document, line.amount)
    if line.kind == ADJUSTMENT:
        return line
    wrong = ""
    if line.quantity == 0:
        wrong = "zero_quantity"
    elif line.kind in (SALE, CHARGE) and line.quantity < 0:
        wrong = "negative_quantity"
    elif line.kind in (RETURN, CHARGE_BACK, WRITE_OFF) and line.quantity > 0:
        wrong = "positive_quantity"
    if wrong:
        raise Refused(columns.quantity, wrong, str(line.quantity), line.amount)
    if price < 0:
        raise Refused(columns.price, "negative_price", str(price), line.amount)
    if line.kind == WRITE_OFF and price != 0:
        raise Refused(columns.price, "not_free", str(price), line.amount)
    return line
