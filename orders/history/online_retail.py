"""The "Online Retail" format: invoice lines of a British web shop, GBP, local times.

Numbers beginning with C are cancellations, with A adjustments of the books; a negative quantity elsewhere is
stock written off and costs nothing. Charges, discounts and fees stand among the goods under codes of their own.
Codes that differ only by case are one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from omni.core.money import round_half_up
from orders.history.lines import (
    ADJUSTMENT,
    CHARGE,
    CHARGE_BACK,
    RETURN,
    SALE,
    WRITE_OFF,
    Columns,
    Line,
    Refused,
    amount_of,
    check,
    price_of,
    quantity_of,
)

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
CURRENCY = "GBP"
ZONE = ZoneInfo("Europe/London")
NAMES = Columns(
    document="InvoiceNo",
    sku="StockCode",
    name="Description",
    quantity="Quantity",
    price="UnitPrice",
    customer="CustomerID",
)
# Postage, carriage, manual, discount, samples, bad debt, fees and commissions. PADS and gift vouchers are goods.
CHARGES = frozenset({"POST", "DOT", "C2", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"})


def read(values: Sequence[str]) -> Line:
    """One invoice line. Raises Refused."""
    document, sku, name, quantity_text, date_text, price_text, customer, country = values
    document, sku = document.strip().upper(), sku.strip().upper()
    quantity = quantity_of(quantity_text, "Quantity")
    price = price_of(price_text, "UnitPrice", CURRENCY)
    amount = amount_of(quantity, price, "UnitPrice")
    happened_at = _time(date_text)
    if happened_at is None:
        raise Refused("InvoiceDate", "bad_date", date_text, amount)
    line = Line(
        kind=_kind(document, sku, quantity, free=price == 0),
        document=document,
        sku=sku,
        name=name.strip(),
        quantity=quantity,
        unit_price=round_half_up(price),
        amount=amount,
        customer=customer.strip().removesuffix(".0"),
        country=country.strip(),
        happened_at=happened_at,
        currency=CURRENCY,
    )
    return check(line, price, NAMES)


def _kind(document: str, sku: str, quantity: int, *, free: bool) -> str:
    if document.startswith("A"):
        return ADJUSTMENT
    if document.startswith("C"):
        return CHARGE_BACK if sku in CHARGES else RETURN
    if quantity < 0 and free:
        return WRITE_OFF
    return CHARGE if sku in CHARGES else SALE


@lru_cache(maxsize=10_000)
def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
    except ValueError:
        return None
