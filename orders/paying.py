"""Money towards an order: what captures at once, what is pending until confirmed, and when that is enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from customers.queries import customer_of, records_of
from loyalty import gift_cards, store_credit
from omni.core.db import lock, write
from omni.core.errors import Conflict, NotFound, Unprocessable
from orders.completing import hand_out_carried, settle
from orders.events import happened
from orders.locking import lock_order
from orders.models import Method, Order, Payment, Tender
from orders.worth_of_orders import Balance, balance_of

CONFIRMED_LATER = frozenset({Tender.TRANSFER, Tender.COD})


class PaymentMismatch(Conflict):
    code = "payment_mismatch"
    message = _("The payments are more than what is owed. Correct the amount; cash given goes into `tendered`.")


class PointsInPayments(Unprocessable):
    code = "points_not_a_tender"
    message = _("Points are spent with points_to_spend, not as a payment.")


class CustomerNeeded(Unprocessable):
    code = "customer_needed"
    message = _("This needs a known customer. Name the customer of the order first.")


class NumberNeeded(Unprocessable):
    code = "gift_card_number_needed"
    message = _("Send the gift card's number as the payment's reference.")


class NotPayable(Conflict):
    code = "not_payable"
    message = _("This order takes no more payments.")


class NotPending(Conflict):
    code = "not_pending"
    message = _("This payment is not waiting to be confirmed.")


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment as the caller tells it; `reference` is a terminal's or bank's, or a gift card's number."""

    tender: str
    amount: int
    reference: str = ""
    tendered: int | None = None


def check_payments(payments: Sequence[NewPayment], *, owed: int) -> None:
    """Refuse what can never be right (points, nothing, too little cash given) and what is above what is owed."""
    for index, payment in enumerate(payments):
        where = f"payments[{index}]"
        if payment.tender == Tender.POINTS:
            raise PointsInPayments(param=f"{where}.tender")
        if payment.amount <= 0:
            raise Unprocessable(_("A payment is above zero."), code="bad_amount", param=f"{where}.amount")
        if payment.tendered is not None and (payment.tender != Tender.CASH or payment.tendered < payment.amount):
            raise Unprocessable(
                _("`tendered` is the cash given, not below the amount."), code="bad_tendered", param=f"{where}.tendered"
            )
        if payment.tender == Tender.GIFT_CARD and not payment.reference.strip():
            raise NumberNeeded(param=f"{where}.reference")
    paid = sum(payment.amount for payment in payments)
    if paid > owed:
        raise PaymentMismatch(details={"owed": owed, "payments": paid})


def take_payments(order: Order, payments: Sequence[NewPayment], *, by: str, now: datetime) -> list[Payment]:
    """Write the payments of a locked or new order. Spends gift cards and store credit: locks their accounts.

    Raises CustomerNeeded, and what loyalty raises where a card or the credit is short.
    """
    rows = [
        Payment(
            order=order,
            tender=payment.tender,
            status=Payment.Status.PENDING if payment.tender in CONFIRMED_LATER else Payment.Status.CAPTURED,
            amount=payment.amount,
            reference=payment.reference.strip()[:200],
            tendered=payment.tendered,
            change=None if payment.tendered is None else payment.tendered - payment.amount,
            created_at=now,
            captured_at=None if payment.tender in CONFIRMED_LATER else now,
        )
        for payment in payments
    ]
    # The ledger takes once for each name, so each payment of an order has one of its own.
    from_ledger = any(row.tender in {Tender.GIFT_CARD, Tender.STORE_CREDIT} for row in rows)
    serial = Payment.objects.filter(order=order).count() if from_ledger else 0
    for index, row in enumerate(rows, start=serial + 1):
        name = f"{order.number}/{index}"
        if row.tender == Tender.GIFT_CARD:
            _spend_gift_card(order, row, name, by=by, now=now)
        elif row.tender == Tender.STORE_CREDIT:
            _spend_store_credit(order, row, name, by=by, now=now)
    Payment.objects.bulk_create(rows)
    return rows


def add_payments(*, order_id: int, payments: Sequence[NewPayment], by: str, now: datetime) -> Order:
    """Pay towards an order that still owes something. Raises NotPayable and PaymentMismatch.

    Locks the customer's facts and the order, then the accounts it spends from.
    """
    with write():
        order = lock_order(order_id)
        balance = order_balance(order)
        if order.status == Order.Status.CANCELLED or balance.uncovered == 0:
            raise NotPayable
        check_payments(payments, owed=balance.uncovered)
        rows = take_payments(order, payments, by=by, now=now)
        happened(
            order,
            "paid",
            by=by,
            now=now,
            data={"payments": [{"tender": r.tender, "amount": r.amount, "status": r.status} for r in rows]},
        )
        when_covered(order, by=by, now=now)
        return order


def confirm_payment(*, payment_id: int, by: str, now: datetime) -> Order:
    """The money of a pending transfer or cash on delivery has come. Raises NotPending. Locks the order."""
    with write():
        known = Payment.objects.filter(pk=payment_id).values_list("order_id", flat=True).first()
        if known is None:
            raise NotFound
        order = lock_order(known)
        payment = lock(Payment.objects.filter(pk=payment_id))[0]
        if payment.status != Payment.Status.PENDING:
            raise NotPending(details={"status": payment.status})
        capture(payment, now=now)
        happened(order, "payment_confirmed", by=by, now=now, data={"tender": payment.tender, "amount": payment.amount})
        when_covered(order, by=by, now=now)
        return order


def capture(payment: Payment, *, now: datetime) -> None:
    """A pending payment's money is here."""
    payment.status = Payment.Status.CAPTURED
    payment.captured_at = now
    payment.save(update_fields=["status", "captured_at"])


def order_balance(order: Order) -> Balance:
    """What the order costs, what is paid and what is promised, read now."""
    return balance_of(order, order.lines.all(), order.payments.all())


def is_covered(order: Order, payments: Sequence[Payment], due: int) -> bool:
    """Whether the order may go on: captured money and cash due on receipt cover it; a transfer must have come."""
    counted = sum(
        payment.amount - payment.refunded
        for payment in payments
        if payment.status == Payment.Status.CAPTURED
        or (payment.status == Payment.Status.PENDING and payment.tender == Tender.COD)
    )
    return counted >= due


def when_covered(order: Order, *, by: str, now: datetime) -> None:
    """Let an order that waited for money go on, once it is covered; goods that are carried out go at once."""
    if order.status != Order.Status.AWAITING_PAYMENT:
        return
    payments = list(order.payments.all())
    if not is_covered(order, payments, order_balance(order).due):
        return
    order.status = Order.Status.PLACED
    order.held_until = None
    order.save(update_fields=["status", "held_until"])
    happened(order, "placed", by=by, now=now, tell="order.paid")
    if order.fulfilments.filter(method=Method.CARRY_OUT).exists():
        hand_out_carried(order, by=by, now=now)
    else:
        settle(order, by=by, now=now)


def _spend_gift_card(order: Order, row: Payment, name: str, *, by: str, now: datetime) -> None:
    card = gift_cards.spend(
        number=row.reference,
        amount=row.amount,
        order=order.number,
        by=by,
        now=now,
        currency=order.currency,
        payment=name,
    )
    # The number itself is kept nowhere.
    row.paid_from = f"gift_card:{card.pk}"
    row.reference = card.last4


def _spend_store_credit(order: Order, row: Payment, name: str, *, by: str, now: datetime) -> None:
    if order.source_record_id is None:
        raise CustomerNeeded
    store_credit.spend(
        source_records=records_of(customer_of(order.source_record_id).pk),
        amount=row.amount,
        currency=order.currency,
        order=order.number,
        by=by,
        now=now,
        payment=name,
    )
    row.paid_from = "store_credit"
