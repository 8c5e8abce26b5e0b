"""What the API answers about orders: loaded for many at once in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from customers.models import Membership
from omni.core.models import both_languages
from orders.models import (
    Fulfilment,
    FulfilmentLine,
    Order,
    OrderEvent,
    OrderException,
    OrderLine,
    Payment,
    Refund,
    Return,
    ReturnLine,
)
from orders.next_steps import next_actions
from orders.worth_of_orders import balance_of, line_worth

Shown = dict[str, Any]


def show_order(order: Order) -> Shown:
    """One order, whole."""
    return show_orders([order])[0]


def show_orders(orders: Sequence[Order]) -> list[Shown]:
    """Orders in the order given, each whole; ten queries at most, however many there are."""
    ids = [order.pk for order in orders]
    lines = _by_order(OrderLine.objects.filter(order__in=ids).order_by("order_id", "position"))
    fulfilments = _by_order(
        Fulfilment.objects.filter(order__in=ids).select_related("source", "pickup").order_by("order_id", "pk")
    )
    parts = defaultdict(list)
    for part in FulfilmentLine.objects.filter(fulfilment__order__in=ids).select_related("order_line").order_by("pk"):
        parts[part.fulfilment_id].append(part)
    payments = _by_order(Payment.objects.filter(order__in=ids).order_by("order_id", "pk"))
    refunds = _by_order(Refund.objects.filter(order__in=ids).order_by("order_id", "pk"))
    returns = _by_order(Return.objects.filter(order__in=ids).select_related("location").order_by("order_id", "pk"))
    returned = defaultdict(list)
    if returns:
        for line in ReturnLine.objects.filter(of__order__in=ids).order_by("of_id", "position"):
            returned[line.of_id].append(line)
    events = _by_order(OrderEvent.objects.filter(order__in=ids).order_by("order_id", "pk"))
    exceptions = _by_order(OrderException.objects.filter(order__in=ids).order_by("order_id", "pk"))
    customers = customers_of([order.source_record_id for order in orders])
    return [
        _show(
            order,
            customers.get(order.source_record_id),
            lines[order.pk],
            [(f, parts[f.pk]) for f in fulfilments[order.pk]],
            payments[order.pk],
            refunds[order.pk],
            [(r, returned[r.pk]) for r in returns[order.pk]],
            events[order.pk],
            exceptions[order.pk],
        )
        for order in orders
    ]


def customers_of(records: Iterable[int | None]) -> dict[int | None, int]:
    """Which customer each source record belongs to now."""
    wanted = {record for record in records if record is not None}
    return dict(Membership.objects.filter(source_record__in=wanted).values_list("source_record_id", "customer_id"))


def show_fulfilments(rows: Sequence[Fulfilment]) -> list[Shown]:
    """Fulfilments for a store's queue, each with its lines, order number and what can be done next."""
    parts = defaultdict(list)
    ids = [row.pk for row in rows]
    for part in FulfilmentLine.objects.filter(fulfilment__in=ids).select_related("order_line").order_by("pk"):
        parts[part.fulfilment_id].append(part)
    return [show_fulfilment(row, parts[row.pk]) | {"order": row.order.number} for row in rows]


def show_fulfilment(row: Fulfilment, parts: Iterable[FulfilmentLine]) -> Shown:
    return {
        "id": str(row.pk),
        "method": row.method,
        "status": row.status,
        "source": row.source.code,
        "location": row.pickup.code if row.pickup else None,
        "address": row.address or None,
        "carrier": row.carrier,
        "tracking": row.tracking,
        "bay": row.bay,
        "lines": [
            {
                "line": part.order_line.position,
                "sku": part.order_line.sku,
                "name": part.order_line.name,
                "quantity": part.quantity,
                "picked": part.picked,
            }
            for part in parts
        ],
        "created_at": row.created_at,
        "ready_at": row.ready_at,
        "arrived_at": row.arrived_at,
        "expires_at": row.expires_at,
        "ended_at": row.ended_at,
    }


def show_payment(payment: Payment) -> Shown:
    return {
        "id": str(payment.pk),
        "tender": payment.tender,
        "status": payment.status,
        "amount": payment.amount,
        "refunded": payment.refunded,
        "reference": payment.reference,
        "tendered": payment.tendered,
        "change": payment.change,
        "created_at": payment.created_at,
        "captured_at": payment.captured_at,
    }


def show_refund(refund: Refund) -> Shown:
    return {
        "id": str(refund.pk),
        "payment": str(refund.payment_id) if refund.payment_id else None,
        "return": str(refund.of_return_id) if refund.of_return_id else None,
        "tender": refund.tender,
        "amount": refund.amount,
        "reason": refund.reason,
        "made_at": refund.made_at,
    }


def show_return(of: Return, lines: Iterable[ReturnLine], refunds: Iterable[Refund]) -> Shown:
    return {
        "number": of.number,
        "location": of.location.code if of.location else None,
        "refund_to": of.refund_to,
        "currency": of.currency,
        "total": of.total,
        "lines": [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "reason": line.reason,
                "condition": line.condition,
                "amount": line.amount,
            }
            for line in lines
        ],
        "refunds": [{"tender": refund.tender, "amount": refund.amount} for refund in refunds],
        "points_taken_back": of.points_taken_back,
        "points_given_back": of.points_given_back,
        "returned_at": of.returned_at,
    }


def _show(
    order: Order,
    customer: int | None,
    lines: list[OrderLine],
    fulfilments: list[tuple[Fulfilment, list[FulfilmentLine]]],
    payments: list[Payment],
    refunds: list[Refund],
    returns: list[tuple[Return, list[ReturnLine]]],
    events: list[OrderEvent],
    exceptions: list[OrderException],
) -> Shown:
    balance = balance_of(order, lines, payments)
    return {
        "number": order.number,
        "channel": order.channel.code,
        "external_id": order.external_id,
        "location": order.location.code if order.location else None,
        "status": order.status,
        "customer": str(customer) if customer is not None else None,
        "contact": order.contact,
        "currency": order.currency,
        "lines": [_line(order, line) for line in lines],
        "fulfilments": [show_fulfilment(row, parts) for row, parts in fulfilments],
        "payments": [show_payment(payment) for payment in payments],
        "refunds": [show_refund(refund) for refund in refunds],
        "returns": [
            show_return(of, of_lines, [r for r in refunds if r.of_return_id == of.pk]) for of, of_lines in returns
        ],
        "list_total": order.list_total,
        "discount_total": order.discount_total,
        "charges": order.charges,
        "charges_total": order.charges_total,
        "order_adjustments": [_in_words(adjustment) for adjustment in order.order_adjustments],
        "coupons": order.coupons,
        "tax_total": order.tax_total,
        "tax_included": order.tax_included,
        "total": order.total,
        "due": balance.due,
        "paid": balance.paid,
        "to_pay": balance.to_pay,
        "points": {"spent": order.points_spent, "earned": order.points_earned},
        "note": order.note,
        "sold_by": order.sold_by,
        "placed_at": order.placed_at,
        "completed_at": order.completed_at,
        "held_until": order.held_until,
        "events": [
            {"kind": event.kind, "at": event.happened_at, "by": event.by, "data": event.data} for event in events
        ],
        "exceptions": [
            {"code": row.code, "details": row.details, "settled": row.settled_at is not None} for row in exceptions
        ],
        "next_actions": next_actions(order, [row for row, _parts in fulfilments], lines, to_pay=balance.to_pay),
    }


def _line(order: Order, line: OrderLine) -> Shown:
    return {
        "line": line.position,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "list_total": line.list_total,
        "discount_total": line.discount_total,
        "tax": line.tax,
        "total": line.total,
        "worth": line_worth(order, line),
        "adjustments": [_in_words(adjustment) for adjustment in line.adjustments],
        "cancelled": line.cancelled,
        "fulfilled": line.fulfilled,
        "returned": line.returned,
    }


def _in_words(adjustment: dict[str, Any]) -> dict[str, Any]:
    """An adjustment with its explanation in the reader's language; imported ones may be told in one only."""
    told = adjustment.get("explanation")
    if isinstance(told, dict):
        told = both_languages(told.get("vi", ""), told.get("en", ""))
    return {**adjustment, "explanation": told or ""}


def _by_order(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.order_id].append(row)
    return grouped
