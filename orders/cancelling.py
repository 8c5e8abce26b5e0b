"""Units that will not reach the customer: off the order, off their fulfilment, paid back, free for others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog import coupons, stock
from omni.core.db import lock, write
from omni.core.errors import Conflict, Unprocessable
from orders.completing import settle
from orders.events import happened
from orders.locking import lock_fulfilments, lock_order
from orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from orders.refunding import Refunded, cancel_pending, refund
from orders.worth_of_orders import balance_of

F = Fulfilment.Status
# While goods are still in the house.
STOPPABLE = frozenset({F.NEW, F.ACCEPTED, F.PICKED, F.PACKED, F.READY})


class TooLate(Conflict):
    code = "too_late"
    message = _("These goods have left already. Take them back as a return instead.")


class NothingToCancel(Conflict):
    code = "nothing_to_cancel"
    message = _("There is nothing left of this order to cancel.")


class UnknownLine(Unprocessable):
    code = "unknown_sku"
    message = _("This order has no such line.")


@dataclass(frozen=True, slots=True)
class LineWish:
    """So many of that SKU."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Units taken out of one fulfilment."""

    fulfilment: Fulfilment
    part: FulfilmentLine
    quantity: int


def cancel_order(
    *, order_id: int, lines: Sequence[LineWish] | None, reason: str, by: str, now: datetime, kind: str = "cancelled"
) -> tuple[Order, Refunded]:
    """Cancel what has not left yet: all of it (`lines` None) or some units.

    Paid money goes back, points and gift cards first; stock is free at once; coupons return with the whole
    order. Raises TooLate, NothingToCancel, UnknownLine. Locks customer, order, ledger, and stock last.
    """
    with write():
        order = lock_order(order_id)
        if order.status in {Order.Status.CANCELLED, Order.Status.COMPLETED}:
            raise TooLate if order.status == Order.Status.COMPLETED else NothingToCancel
        rows = lock_fulfilments(order)
        stops = plan_stops(order, rows, lines)
        refunded = take_off(order, stops, end=F.CANCELLED, reason=reason, kind=kind, by=by, now=now)
        return order, refunded


def plan_stops(order: Order, rows: Sequence[Fulfilment], lines: Sequence[LineWish] | None) -> list[Stopped]:
    """Which units of which fulfilments are meant; those furthest from the customer first."""
    open_rows = {row.pk: row for row in rows if row.status in STOPPABLE}
    parts = [
        part
        for part in FulfilmentLine.objects.filter(fulfilment__order=order).select_related("order_line").order_by("-pk")
        if part.fulfilment_id in open_rows
    ]
    if lines is None:
        if not parts:
            gone = any(row.status in {F.SHIPPED, F.FAILED, F.COLLECTED, F.DELIVERED} for row in rows)
            raise TooLate if gone else NothingToCancel
        return [Stopped(open_rows[part.fulfilment_id], part, part.quantity) for part in parts]
    stops: list[Stopped] = []
    skus = set(order.lines.values_list("sku", flat=True))
    taken: dict[int, int] = {}
    for index, wish in enumerate(lines):
        if wish.sku not in skus:
            raise UnknownLine(param=f"lines[{index}].sku")
        left = wish.quantity
        for part in parts:
            free = part.quantity - taken.get(part.pk, 0)
            if part.order_line.sku != wish.sku or free <= 0 or left == 0:
                continue
            count = min(free, left)
            taken[part.pk] = taken.get(part.pk, 0) + count
            left -= count
            stops.append(Stopped(open_rows[part.fulfilment_id], part, count))
        if left:
            raise TooLate(
                param=f"lines[{index}].quantity", details={"sku": wish.sku, "can_cancel": wish.quantity - left}
            )
    return stops


def take_off(
    order: Order, stops: Sequence[Stopped], *, end: str, reason: str, kind: str, by: str, now: datetime
) -> Refunded:
    """Take units off a locked order: counts, money, status, event; the stock is released last.

    A fulfilment that loses everything ends as `end`. `kind` names the event and `order.<kind>` the message.
    """
    lines = _count_cancelled(stops)
    _shrink(stops, end=end, now=now)
    balance = balance_of(order, order.lines.all(), order.payments.all())
    whole = all(line.cancelled == line.quantity for line in order.lines.all())
    if whole:
        cancel_pending(order)
        coupons.return_coupons(order=order.number, now=now)
        coupons.return_budget(promotion_amounts=given_by(order), now=now)
    refunded = refund(order, max(balance.paid - balance.due, 0), reason=reason, by=by, now=now)
    settle(order, by=by, now=now)
    happened(
        order,
        kind,
        by=by,
        now=now,
        data={
            "reason": reason,
            "lines": [{"sku": stop.part.order_line.sku, "quantity": stop.quantity} for stop in stops],
            "refunded": refunded.amount,
            "points_given_back": refunded.points,
        },
        tell=f"order.{kind}",
    )
    if refunded.amount:
        happened(order, "refunded", by=by, now=now, data={"amount": refunded.amount}, tell="order.refunded")
    release(order, [(lines[stop.part.order_line_id].position, stop) for stop in stops], now=now)
    return refunded


def given_by(order: Order) -> dict[str, int]:
    """What each promotion gave to an order, by its code."""
    adjustments = [a for line in order.lines.all() for a in line.adjustments] + list(order.order_adjustments)
    given: dict[str, int] = {}
    for adjustment in adjustments:
        given[adjustment["promotion"]] = given.get(adjustment["promotion"], 0) - int(adjustment["amount"])
    return {code: amount for code, amount in given.items() if amount > 0}


def release(order: Order, stopped: Sequence[tuple[int, Stopped]], *, now: datetime) -> None:
    """Free the stock that these units held, location by location. The last statement of a write."""
    by_location: dict[int, dict[int, int]] = {}
    for position, stop in stopped:
        at = by_location.setdefault(stop.fulfilment.source_id, {})
        at[position] = at.get(position, 0) + stop.quantity
    # All of them first, in the one order, and not location by location.
    stock.lock_levels(
        {
            (line.variant_id, stop.fulfilment.source_id)
            for _, stop in stopped
            if (line := stop.part.order_line).variant_id
        }
    )
    for location_id in sorted(by_location):
        lines = sorted(by_location[location_id].items())
        stock.release(order=order.number, now=now, lines=lines, location_id=location_id)


def _count_cancelled(stops: Sequence[Stopped]) -> dict[int, OrderLine]:
    lines = {line.pk: line for line in lock(OrderLine.objects.filter(pk__in={s.part.order_line_id for s in stops}))}
    for stop in stops:
        lines[stop.part.order_line_id].cancelled += stop.quantity
    OrderLine.objects.bulk_update(lines.values(), ["cancelled"])
    return lines


def _shrink(stops: Sequence[Stopped], *, end: str, now: datetime) -> None:
    """Whole fulfilments end and keep their lines as they were; others go on with fewer units."""
    for fulfilment in {stop.fulfilment.pk: stop.fulfilment for stop in stops}.values():
        own = {stop.part.pk: stop for stop in stops if stop.fulfilment.pk == fulfilment.pk}
        taken: dict[int, int] = {}
        for stop in stops:
            if stop.fulfilment.pk == fulfilment.pk:
                taken[stop.part.pk] = taken.get(stop.part.pk, 0) + stop.quantity
        parts = list(fulfilment.lines.all())
        if all(taken.get(part.pk, 0) == part.quantity for part in parts):
            fulfilment.status, fulfilment.ended_at = end, now
            fulfilment.save(update_fields=["status", "ended_at"])
            fulfilment.codes.filter(ended_at=None).update(ended_at=now)
            continue
        for part in parts:
            count = taken.get(part.pk, 0)
            if part.pk in own and count == part.quantity:
                part.delete()
            elif count:
                part.quantity -= count
                part.picked = min(part.picked, part.quantity)
                part.save(update_fields=["quantity", "picked"])
