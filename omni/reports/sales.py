"""What was sold and what came back in a period, by currency, channel and store, in two set-based statements."""

from dataclasses import dataclass

from omni.core.db import fetch_all
from omni.reports.base import Filters
from omni.reports.periods import Period

# The store of an order: where it was sold, else where it is collected, else where it is sent from.
STORE_OF_ORDER = """coalesce(o.location_id, (SELECT coalesce(f.pickup_id, f.source_id) FROM orders_fulfilment f
    WHERE f.order_id = o.id ORDER BY f.id LIMIT 1))"""
# Orders that count as sold: neither cancelled nor waiting for their first payment.
SOLD = ("placed", "in_progress", "completed")
# What of an order's total was cancelled, tax as the customer pays it: never part of what was sold.
CANCELLED_OF_ORDER = """coalesce((SELECT sum((l.total + CASE WHEN o.tax_included THEN 0 ELSE l.tax END) * l.cancelled
    / l.quantity) FROM orders_orderline l WHERE l.order_id = o.id AND l.cancelled > 0), 0)"""


@dataclass(slots=True)
class Sold:
    """Sums over orders of one currency, channel and store. Amounts in minor units."""

    orders: int = 0
    units: int = 0
    gross: int = 0
    discounts: int = 0
    charges: int = 0
    returned_units: int = 0
    returns: int = 0

    def add(self, other: "Sold") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def goods(self) -> int:
        """What the goods were sold for, before any came back."""
        return self.gross - self.discounts

    @property
    def net(self) -> int:
        return self.goods - self.returns


# Currency, channel and store; either id may be unknown in another system's books.
Place = tuple[str, int | None, int | None]


def sold_in(period: Period, filters: Filters) -> dict[Place, Sold]:
    """Sums by currency, channel and store: orders placed in the period, and returns taken in the period."""
    found: dict[Place, Sold] = {}
    params = {
        "from": period.starts_at,
        "until": period.ends_at,
        "sold": list(SOLD),
        "history": filters.history,
        "everywhere": filters.places is None,
        "places": sorted(filters.places or ()),
    }
    for currency, channel, store, *sums in fetch_all(_SALES, params):
        found[currency, channel, store] = Sold(*(int(value) for value in sums))
    for currency, channel, store, units, amount in fetch_all(_RETURNS, params):
        sold = found.setdefault((currency, channel, store), Sold())
        sold.returned_units, sold.returns = int(units), int(amount)
    return found


# One row an order first, so that an order's own sums are counted once however many lines it has. Units that were
# cancelled (also those that something else was sent for) are taken out of their line's sums as orders.worth deals
# them out, the first units first and rounded down, so that what is left is to the unit what the customer keeps
# or still owes.
_SALES = f"""
WITH sold AS (
    SELECT o.id, o.currency, o.channel_id, {STORE_OF_ORDER} AS store,
           o.list_total, o.discount_total, o.charges_total
    FROM orders_order o
    WHERE o.placed_at >= %(from)s AND o.placed_at < %(until)s AND o.status = ANY(%(sold)s)
      AND (%(history)s OR NOT o.history)
), lines AS (
    SELECT l.order_id, sum(l.quantity - l.cancelled) AS units,
           sum(l.list_total * l.cancelled / l.quantity) AS cancelled_list,
           sum(l.list_total * l.cancelled / l.quantity - l.total * l.cancelled / l.quantity) AS cancelled_discount
    FROM orders_orderline l JOIN sold ON sold.id = l.order_id
    GROUP BY l.order_id
)
SELECT s.currency, s.channel_id, s.store, count(*), coalesce(sum(l.units), 0),
       sum(s.list_total) - coalesce(sum(l.cancelled_list), 0),
       sum(s.discount_total) - coalesce(sum(l.cancelled_discount), 0),
       sum(s.charges_total)
FROM sold s LEFT JOIN lines l ON l.order_id = s.id
WHERE %(everywhere)s OR s.store = ANY(%(places)s::bigint[])
GROUP BY 1, 2, 3
"""  # noqa: S608  built from the constants above alone

# A refund pays the tax back too; where prices are without tax it is taken out, as it is not in the sales either.
_RETURNS = f"""
WITH taken AS (
    SELECT r.currency, coalesce(o.channel_id, r.channel_id) AS channel,
           CASE WHEN o.id IS NULL THEN r.location_id ELSE {STORE_OF_ORDER} END AS store, l.quantity,
           CASE WHEN o.tax_included IS FALSE AND sold.total + sold.tax > 0
                THEN round(l.amount::numeric * sold.total / (sold.total + sold.tax)) ELSE l.amount END AS amount
    FROM orders_return r
    JOIN orders_returnline l ON l.of_id = r.id
    LEFT JOIN orders_orderline sold ON sold.id = l.order_line_id
    LEFT JOIN orders_order o ON o.id = r.order_id
    WHERE r.returned_at >= %(from)s AND r.returned_at < %(until)s
      AND (%(history)s OR NOT r.history)
)
SELECT currency, channel, store, sum(quantity), sum(amount) FROM taken
WHERE %(everywhere)s OR store = ANY(%(places)s::bigint[])
GROUP BY 1, 2, 3
"""  # noqa: S608  built from the constants above alone
