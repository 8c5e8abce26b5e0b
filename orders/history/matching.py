"""Which sale a returned line belongs to. Pure: takes values, returns values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Returned:
    """A line that came back; `amount` is what was given back for it, minor units, not negative."""

    doc: int
    position: int
    row: int
    record: int | None
    sku: str
    quantity: int
    unit_price: int
    amount: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Sold:
    """A line that was sold: how many of it may still come back, and how much its order's payment may still give."""

    line: int
    order: int
    payment: int | None
    record: int
    sku: str
    unit_price: int
    sold_at: datetime
    left: int
    money_left: int


def match(returned: Iterable[Returned], sold: Iterable[Sold]) -> list[tuple[Returned, Sold | None]]:
    """For each returned line, earliest first, the sale it belongs to, or None.

    A sale fits if it is of the same source record and SKU, not later, with enough units not yet returned and
    enough money not yet given back. Of those that fit the same unit price goes first, then the latest sale.
    """
    offered: dict[tuple[int, str], list[Sold]] = defaultdict(list)
    units: dict[int, int] = {}
    money: dict[int, int] = {}
    for sale in sold:
        offered[sale.record, sale.sku].append(sale)
        units[sale.line] = sale.left
        money[sale.order] = sale.money_left
    found: list[tuple[Returned, Sold | None]] = []
    for line in sorted(returned, key=lambda line: (line.happened_at, line.doc, line.position)):
        best = _best(line, offered.get((line.record, line.sku), ()) if line.record else (), units, money)
        if best is not None:
            units[best.line] -= line.quantity
            money[best.order] -= line.amount
        found.append((line, best))
    return found


def _best(line: Returned, sales: Sequence[Sold], units: dict[int, int], money: dict[int, int]) -> Sold | None:
    fitting = (
        sale
        for sale in sales
        if sale.sold_at <= line.happened_at and units[sale.line] >= line.quantity and money[sale.order] >= line.amount
    )
    return max(fitting, key=lambda sale: (sale.unit_price == line.unit_price, sale.sold_at, sale.line), default=None)
