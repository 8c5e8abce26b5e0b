"""The other door: what has happened elsewhere already is written down as told, and never refused for a rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog import stock
from catalog.models import Variant
from customers.models import SourceRecord
from customers.queries import primary_record, resolve
from omni.core.db import write
from omni.core.models import Channel, Location
from orders.completing import count_handed_over, settle
from orders.events import happened
from orders.facts import refresh_facts
from orders.gaps import Gaps, reroute
from orders.locking import lock_customer
from orders.models import (
    Fulfilment,
    FulfilmentLine,
    Method,
    Order,
    OrderException,
    OrderLine,
    Payment,
    Tender,
)
from orders.numbers import next_order_number
from orders.placing import first_with
from orders.routing import Need
from orders.sourcing import best_effort

F = Fulfilment.Status


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line as the channel tells it; `total` is what was charged for it after `discount`, in minor units."""

    sku: str
    quantity: int
    unit_price: int
    name: str = ""
    discount: int = 0
    tax: int = 0


@dataclass(frozen=True, slots=True)
class ToldPayment:
    tender: str
    amount: int
    reference: str = ""
    captured: bool = True


@dataclass(frozen=True, slots=True)
class ToldOrder:
    """An order that exists already. `handed_over` says whether the customer has the goods."""

    external_id: str
    lines: Sequence[ToldLine]
    total: int | None = None
    currency: str = "VND"
    charges: Sequence[Mapping[str, Any]] = ()
    payments: Sequence[ToldPayment] = ()
    customer: int | None = None
    contact: Mapping[str, Any] = field(default_factory=dict)
    coupons: Sequence[str] = ()
    method: str = Method.DELIVERY
    location: str | None = None
    address: Mapping[str, Any] = field(default_factory=dict)
    handed_over: bool = False
    placed_at: datetime | None = None
    tax_included: bool = True
    sold_by: str = ""
    note: str = ""


def record_order(*, channel: Channel, told: ToldOrder, till: Location | None = None, by: str, now: datetime) -> Order:
    """Write down an order of `channel`, or return the one with its external id. See record_or_find."""
    return record_or_find(channel=channel, told=told, till=till, by=by, now=now)[0]


def record_or_find(
    *, channel: Channel, told: ToldOrder, till: Location | None = None, by: str, now: datetime
) -> tuple[Order, bool]:
    """(The order, whether it is new). Totals as told; each gap is an exception for the desk.

    Goods that left are taken from stock whatever the books say; goods owed are held where there are any, and are
    short otherwise. Locks the external id, the customer's facts, ledger accounts, and stock last.
    """
    with write():
        first = first_with(channel, told.external_id)
        if first is not None:
            return first, False
        gaps = Gaps()
        record = _record_of(channel, told, gaps)
        customer_id = lock_customer(record.pk if record else None)
        location = _location(told, till, gaps)
        order = _write_order(channel, told, record, location, gaps, now)
        lines = _write_lines(order, told, gaps)
        _write_payments(order, told, gaps, now)
        happened(
            order,
            "recorded",
            by=by,
            now=now,
            data={"total": order.total, "handed_over": told.handed_over},
            tell="order.placed",
            payload={"status": order.status, "recorded": True},
        )
        if customer_id is not None:
            refresh_facts([customer_id])
        if told.handed_over:
            _write_left(order, told, lines, location, gaps, by, now)
        else:
            _write_owed(order, told, lines, location, gaps, now)
        OrderException.objects.bulk_create(
            [OrderException(order=order, code=code, details=details, raised_at=now) for code, details in gaps.found]
        )
        return order, True


def _record_of(channel: Channel, told: ToldOrder, gaps: Gaps) -> SourceRecord | None:
    if told.customer is None:
        return None
    customer = resolve(told.customer)
    if customer is None:
        gaps.add("unknown_customer", customer=told.customer)
        return None
    return primary_record(customer, channel)


def _location(told: ToldOrder, till: Location | None, gaps: Gaps) -> Location | None:
    if told.location is None:
        return till
    location = Location.objects.filter(code=told.location).first()
    if location is None:
        gaps.add("unknown_location", location=told.location)
    return location or till


def _write_order(
    channel: Channel, told: ToldOrder, record: SourceRecord | None, location: Location | None, gaps: Gaps, now: datetime
) -> Order:
    listed = sum(line.quantity * line.unit_price for line in told.lines)
    discounts = sum(line.discount for line in told.lines)
    tax = sum(line.tax for line in told.lines)
    charges = [dict(charge) for charge in told.charges]
    computed = listed - discounts + sum(c["amount"] for c in charges) + (0 if told.tax_included else tax)
    total = computed if told.total is None else told.total
    adjustments: list[dict[str, Any]] = []
    if total > computed:
        charges.append({"code": "difference", "amount": total - computed})
    elif total < computed:
        adjustments.append(
            {"promotion": "difference", "code": None, "amount": total - computed, "explanation": {"vi": "", "en": ""}}
        )
    if total != computed:
        gaps.add("total_differs", told=total, computed=computed)
    return Order.objects.create(
        number=next_order_number(channel),
        channel=channel,
        external_id=told.external_id,
        location=location if told.method == Method.CARRY_OUT else None,
        source_record=record,
        status=Order.Status.PLACED,
        currency=told.currency,
        list_total=listed,
        discount_total=discounts - sum(a["amount"] for a in adjustments),
        charges_total=sum(c["amount"] for c in charges),
        tax_total=tax,
        tax_included=told.tax_included,
        total=total,
        contact={key: value for key, value in told.contact.items() if value},
        charges=charges,
        order_adjustments=adjustments,
        coupons=list(told.coupons),
        note=told.note[:500],
        sold_by=told.sold_by[:100],
        placed_at=told.placed_at or now,
    )


def _write_lines(order: Order, told: ToldOrder, gaps: Gaps) -> list[OrderLine]:
    known = {
        variant.sku: variant
        for variant in Variant.objects.filter(sku__in=[line.sku for line in told.lines]).select_related("product")
    }
    rows = []
    for position, line in enumerate(told.lines, start=1):
        variant = known.get(line.sku)
        if variant is None:
            gaps.add("unknown_sku", line=position, sku=line.sku)
        rows.append(
            OrderLine(
                order=order,
                position=position,
                variant=variant,
                sku=line.sku[:100],
                name=(line.name or (str(variant.product) if variant else ""))[:300],
                quantity=line.quantity,
                unit_price=line.unit_price,
                list_total=line.quantity * line.unit_price,
                discount_total=line.discount,
                tax=line.tax,
                total=line.quantity * line.unit_price - line.discount,
            )
        )
    OrderLine.objects.bulk_create(rows)
    return rows


def _write_payments(order: Order, told: ToldOrder, gaps: Gaps, now: datetime) -> None:
    taken = []
    for payment in told.payments:
        if payment.tender not in Tender.values or payment.tender == Tender.POINTS or payment.amount <= 0:
            gaps.add("payment_not_understood", tender=payment.tender, amount=payment.amount)
            continue
        # A card or credit of ours that was taken elsewhere was not taken from our ledger.
        if payment.tender in {Tender.GIFT_CARD, Tender.STORE_CREDIT}:
            gaps.add("payment_not_in_ledger", tender=payment.tender, amount=payment.amount)
        taken.append(
            Payment(
                order=order,
                tender=payment.tender if payment.tender not in {"gift_card", "store_credit"} else Tender.WALLET,
                status=Payment.Status.CAPTURED if payment.captured else Payment.Status.PENDING,
                amount=payment.amount,
                reference=payment.reference[:200],
                created_at=now,
                captured_at=now if payment.captured else None,
            )
        )
    Payment.objects.bulk_create(taken)
    paid = sum(payment.amount for payment in taken)
    if paid != order.total:
        gaps.add("payments_differ", paid=paid, total=order.total)


def _write_left(
    order: Order,
    told: ToldOrder,
    lines: Sequence[OrderLine],
    location: Location | None,
    gaps: Gaps,
    by: str,
    now: datetime,
) -> None:
    """The customer has the goods: the order is done, and the stock follows the facts."""
    place = location or Location.objects.filter(active=True).order_by("pk").first()
    if place is None:
        gaps.add("no_location")
        return
    if location is None:
        gaps.add("location_assumed", location=place.code)
    row = Fulfilment.objects.create(
        order=order,
        method=told.method,
        status=F.COLLECTED if told.method not in {Method.DELIVERY, Method.SHIP_FROM_STORE} else F.DELIVERED,
        source=place,
        pickup=place if told.method not in {Method.DELIVERY, Method.SHIP_FROM_STORE} else None,
        address=dict(told.address),
        created_at=now,
        ended_at=now,
    )
    FulfilmentLine.objects.bulk_create(
        [FulfilmentLine(fulfilment=row, order_line=line, quantity=line.quantity) for line in lines]
    )
    count_handed_over([row])
    settle(order, by=by, now=now)
    wants = [
        stock.Want(line.variant_id, line.sku, place.pk, line.quantity, line.position)
        for line in lines
        if line.variant_id is not None
    ]
    found = stock.take_unreserved(order=order.number, wants=wants, by=by, now=now)
    for gap in found:
        gaps.add(
            "found_stock" if gap.kind == "found" else "promise_gave_way",
            sku=gap.sku,
            quantity=gap.quantity,
            order=gap.order,
            line=gap.line,
        )
    reroute([gap for gap in found if gap.kind == "gave_way"], by=by, now=now)


def _write_owed(
    order: Order, told: ToldOrder, lines: Sequence[OrderLine], location: Location | None, gaps: Gaps, now: datetime
) -> None:
    """The customer waits for the goods: hold what there is, and say what is short."""
    needs = [
        Need(line=line.position, variant=line.variant_id, sku=line.sku, quantity=line.quantity)
        for line in lines
        if line.variant_id is not None
    ]
    missing = best_effort(
        order,
        told.method,
        location,
        dict(told.address),
        needs,
        {line.position: line for line in lines},
        now=now,
    )
    for line, quantity in missing:
        gaps.add("short", line=line, sku=lines[line - 1].sku, quantity=quantity)
