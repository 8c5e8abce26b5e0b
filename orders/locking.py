"""Which rows a change of an order locks, in the one order of locks: the customer's facts, then the order."""

from collections.abc import Sequence

from omni.core.db import execute, fetch_all, lock
from omni.core.errors import NotFound
from orders.models import Fulfilment, Order

# The membership is shared: as long as an order is being changed, its record moves to no other customer.
_LOCK = """
SELECT m.customer_id FROM customers_membership m JOIN customers_customerfacts f ON f.customer_id = m.customer_id
WHERE m.source_record_id = %s FOR SHARE OF m FOR NO KEY UPDATE OF f
"""
_MAKE = """
INSERT INTO customers_customerfacts (customer_id, segments, tier, orders_count, totals)
SELECT customer_id, '{}', '', 0, '{}' FROM customers_membership WHERE source_record_id = %s FOR SHARE
ON CONFLICT DO NOTHING
"""


def lock_customer(source_record_id: int | None) -> int | None:
    """Lock the facts of the customer that a record belongs to (making an empty row); returns the customer's id.

    Until the transaction ends no merge or un-merge moves the record, so the customer stays the same one.
    """
    if source_record_id is None:
        return None
    locked = fetch_all(_LOCK, [source_record_id])
    if not locked:
        # No facts yet, or a merge that we waited for took the record to somebody else.
        execute(_MAKE, [source_record_id])
        locked = fetch_all(_LOCK, [source_record_id])
    return int(locked[0][0]) if locked else None


def lock_order(order_id: int) -> Order:
    """Lock the customer's facts and the order for a change of either. Raises NotFound."""
    known = Order.objects.filter(pk=order_id).values_list("source_record_id", flat=True)
    if not known:
        raise NotFound
    lock_customer(known[0])
    orders = lock(Order.objects.filter(pk=order_id).select_related("channel", "location"))
    if not orders:
        raise NotFound
    return orders[0]


def lock_fulfilment(fulfilment_id: int) -> tuple[Order, Fulfilment]:
    """Lock the order of a fulfilment and then the fulfilment. Raises NotFound."""
    order_id = Fulfilment.objects.filter(pk=fulfilment_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound
    order = lock_order(order_id)
    return order, lock(Fulfilment.objects.filter(pk=fulfilment_id).select_related("source", "pickup"))[0]


def lock_fulfilments(order: Order, ids: Sequence[int] | None = None) -> list[Fulfilment]:
    """Lock the fulfilments of a locked order, all or some."""
    rows = Fulfilment.objects.filter(order=order).select_related("source", "pickup")
    return lock(rows if ids is None else rows.filter(pk__in=ids))
