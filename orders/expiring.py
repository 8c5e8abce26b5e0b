"""What ends by itself: stock held for an unpaid order, and goods that nobody collects."""

from datetime import datetime

from omni.core.db import write
from orders.cancelling import STOPPABLE, Stopped, plan_stops, take_off
from orders.events import happened
from orders.locking import lock_fulfilments, lock_order
from orders.models import Fulfilment, Order

F = Fulfilment.Status
BY = "system"
# So many in one run; the next run of the beat takes the rest.
BATCH = 500


def expire_holds(*, now: datetime) -> int:
    """Cancel unpaid orders whose time is over: stock free, what was paid goes back. Returns how many ended.

    Each in a transaction of its own, looked at again under its lock, so that two runs end it once.
    """
    due = Order.objects.filter(status=Order.Status.AWAITING_PAYMENT, held_until__lte=now).order_by("held_until", "pk")
    return sum(_end_hold(order_id, now) for order_id in list(due.values_list("pk", flat=True)[:BATCH]))


def expire_pickups(*, now: datetime) -> int:
    """End pick-ups that nobody came for: stock free, money and points back, one event each. Returns how many."""
    due = Fulfilment.objects.filter(status=F.READY, expires_at__lte=now).order_by("expires_at", "pk")
    return sum(
        _end_pickup(row_id, order_id, now) for row_id, order_id in list(due.values_list("pk", "order_id")[:BATCH])
    )


def _end_hold(order_id: int, now: datetime) -> int:
    with write():
        order = lock_order(order_id)
        if order.status != Order.Status.AWAITING_PAYMENT or order.held_until is None or order.held_until > now:
            return 0
        rows = [row for row in lock_fulfilments(order) if row.status in STOPPABLE]
        stops = plan_stops(order, rows, None)
        happened(order, "hold_expired", by=BY, now=now)
        take_off(order, stops, end=F.CANCELLED, reason="not_paid", kind="cancelled", by=BY, now=now)
        return 1


def _end_pickup(row_id: int, order_id: int, now: datetime) -> int:
    with write():
        order = lock_order(order_id)
        row = lock_fulfilments(order, [row_id])[0]
        if row.status != F.READY or row.expires_at is None or row.expires_at > now:
            return 0
        parts = row.lines.select_related("order_line").order_by("pk")
        stops = [Stopped(row, part, part.quantity) for part in parts]
        take_off(order, stops, end=F.EXPIRED, reason="not_collected", kind="expired", by=BY, now=now)
        return 1
