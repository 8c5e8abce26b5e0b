"""When goods reach the customer, and when an order is done: what is then spent, earned and known."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from catalog import stock
from customers.queries import customer_of
from loyalty import earning, spending
from omni.core.db import lock
from orders.events import happened
from orders.facts import refresh_facts
from orders.models import Fulfilment, FulfilmentLine, Method, Order, OrderLine, Payment, Tender
from orders.worth_of_orders import gone_worth, line_worth, returned_worth

F = Fulfilment.Status
FINAL = frozenset({F.COLLECTED, F.DELIVERED, F.REJECTED, F.EXPIRED, F.CANCELLED})


def settle(order: Order, *, by: str, now: datetime) -> None:
    """Set a locked order's status to what its lines and fulfilments say.

    Done, it spends the points that were held, earns (pending until the return window closes), and its customer's
    facts are computed anew. Locks ledger accounts; the caller moves stock after it, last.
    """
    lines = list(order.lines.all())
    rows = list(order.fulfilments.all())
    if order.status in {Order.Status.COMPLETED, Order.Status.CANCELLED}:
        return
    if all(line.cancelled == line.quantity for line in lines):
        become(order, Order.Status.CANCELLED)
        spending.release(order=order.number, now=now, by=by)
        _know(order)
    elif order.status == Order.Status.AWAITING_PAYMENT:
        return
    elif all(line.cancelled + line.fulfilled == line.quantity for line in lines) and all(
        row.status in FINAL for row in rows
    ):
        _complete(order, lines, by=by, now=now)
    elif order.status == Order.Status.PLACED and any(
        row.status not in {F.NEW, F.CANCELLED, F.REJECTED} for row in rows
    ):
        become(order, Order.Status.IN_PROGRESS)


def become(order: Order, status: str) -> None:
    """One step of the order's own table; the database refuses any other."""
    order.status = status
    order.held_until = None
    order.save(update_fields=["status", "held_until"])


def count_handed_over(rows: Iterable[Fulfilment]) -> list[tuple[int, int]]:
    """Count the goods of these fulfilments as in the customer's hands; returns (line, quantity) for the stock."""
    parts = list(
        FulfilmentLine.objects.filter(fulfilment__in=[row.pk for row in rows])
        .select_related("order_line")
        .order_by("pk")
    )
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(pk__in={part.order_line_id for part in parts}))}
    for part in parts:
        lines[part.order_line_id].fulfilled += part.quantity
    OrderLine.objects.bulk_update(lines.values(), ["fulfilled"])
    return [(lines[part.order_line_id].position, part.quantity) for part in parts]


def leave_shelf(order: Order, source: int, handed: Sequence[tuple[int, int]], *, by: str, now: datetime) -> None:
    """The goods of (line, quantity) pairs leave a location. The last statement of a write.

    A promise that had to give way to goods that left before is made again first, where there is stock by now;
    raises OutOfStock where there is none.
    """
    try:
        stock.hand_over(order=order.number, by=by, now=now, lines=handed, location_id=source)
    except stock.NotHeld as refusal:
        missing = {row["line"]: row["wanted"] - row["held"] for row in refusal.details["lines"]}
        lines = OrderLine.objects.filter(order=order, position__in=missing, variant__isnull=False)
        wants = [
            stock.Want(line.variant_id, line.sku, source, missing[line.position], line.position)
            for line in lines
            if line.variant_id is not None
        ]
        stock.reserve(order=order.number, wants=wants, now=now)
        stock.hand_over(order=order.number, by=by, now=now, lines=handed, location_id=source)


def capture_cash_due(order: Order, *, by: str, now: datetime) -> None:
    """Cash on receipt is paid when the goods are received."""
    for payment in lock(Payment.objects.filter(order=order, status=Payment.Status.PENDING, tender=Tender.COD)):
        payment.status = Payment.Status.CAPTURED
        payment.captured_at = now
        payment.save(update_fields=["status", "captured_at"])
        happened(order, "payment_confirmed", by=by, now=now, data={"tender": "cod", "amount": payment.amount})


def hand_out_carried(order: Order, *, by: str, now: datetime, wants: Sequence[stock.Want] = ()) -> None:
    """Goods bought at a till go with the customer at once: the order is done.

    Stock moves last: `wants` are reserved first where that has not been done yet.
    """
    rows = list(order.fulfilments.filter(method=Method.CARRY_OUT))
    for row in rows:
        row.status, row.ended_at = F.COLLECTED, now
        row.save(update_fields=["status", "ended_at"])
    handed = count_handed_over(rows)
    settle(order, by=by, now=now)
    if wants:
        stock.reserve(order=order.number, wants=wants, now=now)
    stock.hand_over(order=order.number, by=by, now=now, lines=handed)


def _complete(order: Order, lines: list[OrderLine], *, by: str, now: datetime) -> None:
    order.completed_at = now
    basis = earning_basis(order, lines)
    if order.source_record_id is not None and not order.history:
        spending.capture(order=order.number, now=now, by=by)
        order.points_earned = earning.accrue(
            source_record=order.source_record_id,
            order=order.number,
            basis=basis,
            currency=order.currency,
            now=now,
        )
    order.save(update_fields=["completed_at", "points_earned"])
    become(order, Order.Status.COMPLETED)
    _know(order)
    earned = {"points_earned": order.points_earned, "basis": basis, "returned_before": returned_worth(order, lines)}
    happened(order, "completed", by=by, now=now, data=earned, tell="order.completed")


def earning_basis(order: Order, lines: Iterable[OrderLine]) -> int:
    """What points are earned on: the goods that the customer keeps at completion, less what points paid."""
    kept = sum(line_worth(order, line) - gone_worth(order, line) for line in lines)
    by_points = sum(
        payment.amount - payment.refunded
        for payment in order.payments.all()
        if payment.tender == Tender.POINTS and payment.status == Payment.Status.CAPTURED
    )
    return max(kept - by_points, 0)


def _know(order: Order) -> None:
    if order.source_record_id is not None:
        refresh_facts([customer_of(order.source_record_id).pk])
