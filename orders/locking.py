"""Which rows a change of an order locks, in the one order of locks: the customer's facts, then the order."""

from collections.abc import Sequence

from customers.models import Membership
from omni.core.db import execute, lock
from omni.core.errors import NotFound
from orders.models import Fulfilment, Order


def lock_customer(source_record_id: int | None) -> int | None:
    """Lock the facts of the customer that a record belongs to (making an empty row); returns the customer's id."""
    if source_record_id is None:
        return None
    customer_id = (
        Membership.objects.filter(source_record_id=source_record_id).values_list("customer_id", flat=True).first()
    )
    if customer_id is None:
        return None
    execute(
        "INSERT INTO customers_customerfacts (customer_id, segments, tier, orders_count, totals)"
        " VALUES (%s, '{}', '', 0, '{}') ON CONFLICT DO NOTHING",
        [customer_id],
    )
    execute("SELECT 1 FROM customers_customerfacts WHERE customer_id = %s FOR NO KEY UPDATE", [customer_id])
    return customer_id


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
