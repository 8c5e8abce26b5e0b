"""Money, points and credit back out of an order's payments; never more than was captured."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from loyalty import gift_cards, spending, store_credit
from omni.core.db import lock
from orders.models import Order, Payment, Refund, Return, Tender
from orders.worth import Part, Source, share_step, take_from


@dataclass(frozen=True, slots=True)
class Refunded:
    """What went back: the rows, their sum, and how many points are the member's again."""

    refunds: tuple[Refund, ...]
    amount: int
    points: int
    points_worth: int


def refund(
    order: Order,
    amount: int,
    *,
    reason: str,
    by: str,
    now: datetime,
    of_return: Return | None = None,
    to_store_credit: bool = False,
) -> Refunded:
    """Give `amount` (minor units) back out of the captured payments of a locked order.

    Points and gift cards first, then the latest capture first. With `to_store_credit` what would have been
    money becomes credit; points stay points. Locks the payments, then the ledger accounts.
    """
    payments = {payment.pk: payment for payment in lock(Payment.objects.filter(order=order))}
    captured = [
        Source(payment=p.pk, tender=p.tender, left=p.amount - p.refunded, captured_order=p.pk)
        for p in payments.values()
        if p.status == Payment.Status.CAPTURED
    ]
    parts = take_from(captured, amount)
    serial = Refund.objects.filter(order=order).count()
    rows: list[Refund] = []
    points = points_worth = 0
    for index, part in enumerate(parts, start=serial + 1):
        source = ("refund", f"{order.number}/{index}")
        payment = payments[part.payment]
        credited = to_store_credit and part.tender not in {Tender.POINTS, Tender.STORE_CREDIT}
        if part.tender == Tender.POINTS:
            points += _give_points_back(order, payment, part, source, by=by, now=now)
            points_worth += part.amount
        elif credited or part.tender == Tender.STORE_CREDIT:
            _credit(order, part.amount, source, by=by, now=now)
        elif part.tender == Tender.GIFT_CARD:
            card = int(payment.paid_from.partition(":")[2])
            gift_cards.refund(gift_card_id=card, amount=part.amount, source=source, by=by, now=now, order=order.number)
        rows.append(
            Refund(
                order=order,
                payment=payment,
                of_return=of_return,
                tender=Tender.STORE_CREDIT if credited else part.tender,
                amount=part.amount,
                reason=reason[:200],
                made_by=by[:100],
                made_at=now,
            )
        )
    Refund.objects.bulk_create(rows)
    if points:
        Order.objects.filter(pk=order.pk).update(points_spent=F("points_spent") - points)
        order.points_spent -= points
    return Refunded(tuple(rows), sum(part.amount for part in parts), points, points_worth)


def cancel_pending(order: Order) -> int:
    """Payments that never came are not waited for any more; returns how many ended."""
    return Payment.objects.filter(order=order, status=Payment.Status.PENDING).update(status=Payment.Status.CANCELLED)


def _give_points_back(
    order: Order, payment: Payment, part: Part, source: tuple[str, str], *, by: str, now: datetime
) -> int:
    """Points in exact proportion to the part of the points payment that goes back; returns how many."""
    after = payment.refunded + part.amount
    spent_at_first = int(payment.paid_from.partition(":")[2])
    points = share_step(spent_at_first, payment.amount, payment.refunded, after)
    if points:
        spending.give_back(order=order.number, points=points, source=source, by=by, now=now)
    return points


def _credit(order: Order, amount: int, source: tuple[str, str], *, by: str, now: datetime) -> None:
    assert order.source_record_id is not None
    store_credit.credit(
        source_record=order.source_record_id,
        amount=amount,
        currency=order.currency,
        source=source,
        by=by,
        now=now,
        order=order.number,
    )
