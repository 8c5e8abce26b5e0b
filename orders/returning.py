"""Goods that come back, at any location whatever the channel of the order: money, points and stock to the unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F as Column
from django.utils.translation import gettext_lazy as _

from catalog import stock
from loyalty import earning
from omni.core.db import lock, write
from omni.core.errors import Conflict, Unprocessable
from omni.core.models import Channel, Location
from orders.cancelling import UnknownLine
from orders.completing import settle
from orders.events import happened
from orders.locking import lock_order
from orders.models import Fulfilment, Order, OrderLine, Return, ReturnLine
from orders.numbers import next_return_number
from orders.paying import CustomerNeeded
from orders.refunding import Refunded, refund
from orders.worth import share_step, value_of_units
from orders.worth_of_orders import line_worth, returned_worth, units_worth


class OverReturn(Conflict):
    code = "over_return"
    message = _("More would come back than the customer has of this order.")


class NotOffered(Unprocessable):
    code = "not_offered"
    message = _("An exchange is not offered here yet. Take the goods back and sell the others as a new order.")


@dataclass(frozen=True, slots=True)
class ReturnWish:
    """So many of that SKU came back, why, and whether they can be sold again."""

    sku: str
    quantity: int
    reason: str = ""
    condition: str = "sellable"


@dataclass(frozen=True, slots=True)
class Back:
    """Units of one order line that come back, and what they are worth."""

    line: OrderLine
    wish: ReturnWish
    quantity: int
    amount: int


def return_goods(
    *,
    order_id: int,
    location: Location,
    lines: Sequence[ReturnWish],
    refund_to: str = "original",
    channel: Channel | None = None,
    external_id: str | None = None,
    by: str,
    now: datetime,
) -> tuple[Return, Refunded]:
    """Take goods of an order back at `location` and refund what they were sold for.

    A unit is worth its share of its line, promotions as they were given; all units together are the line to the
    unit. Points earned on them are taken back and points spent come back in exact proportion. Restocked only if
    sellable. Raises UnknownLine, OverReturn, NotOffered, CustomerNeeded. Locks customer, order, ledger, stock last.
    """
    if refund_to == "exchange":
        raise NotOffered(param="refund_to")
    if refund_to not in {"original", "store_credit"}:
        raise Unprocessable(_("Refund to original or store_credit."), code="bad_refund_to", param="refund_to")
    with write():
        order = lock_order(order_id)
        if refund_to == "store_credit" and order.source_record_id is None:
            raise CustomerNeeded(param="refund_to")
        rows = lock(OrderLine.objects.filter(order=order))
        worth_before = returned_worth(order, rows)
        backs = _match(order, rows, lines)
        of = _write(order, location, channel, external_id, backs, refund_to, by, now)
        worth = sum(back.amount for back in backs)
        refunded = refund(
            order,
            worth,
            reason="return",
            by=by,
            now=now,
            of_return=of,
            to_store_credit=refund_to == "store_credit",
        )
        taken = _take_points_back(order, rows, of, worth_before, worth, by, now)
        of.total = refunded.amount
        of.points_taken_back, of.points_given_back = taken, refunded.points
        of.save(update_fields=["total", "points_taken_back", "points_given_back"])
        _close_failed(order, now)
        settle(order, by=by, now=now)
        _tell(order, of, backs, refunded, by, now)
        _restock(order, location, backs, by, now)
        return of, refunded


def _match(order: Order, rows: Sequence[OrderLine], wishes: Sequence[ReturnWish]) -> list[Back]:
    """Which units of which lines come back; counts them as returned. Raises UnknownLine and OverReturn."""
    backs: list[Back] = []
    for index, wish in enumerate(wishes):
        own = [row for row in rows if row.sku == wish.sku]
        if not own:
            raise UnknownLine(param=f"lines[{index}].sku")
        left = wish.quantity
        for row in own:
            count = min(left, row.fulfilled - row.returned)
            if count <= 0:
                continue
            backs.append(Back(row, wish, count, units_worth(order, row, count)))
            row.returned += count
            left -= count
        if left:
            raise OverReturn(
                param=f"lines[{index}].quantity", details={"sku": wish.sku, "can_return": wish.quantity - left}
            )
    OrderLine.objects.bulk_update(rows, ["returned"])
    return backs


def _write(
    order: Order,
    location: Location,
    channel: Channel | None,
    external_id: str | None,
    backs: Sequence[Back],
    refund_to: str,
    by: str,
    now: datetime,
) -> Return:
    of = Return.objects.create(
        number=next_return_number(),
        order=order,
        channel=channel,
        external_id=external_id,
        location=location,
        source_record_id=order.source_record_id,
        currency=order.currency,
        refund_to=refund_to,
        taken_by=by[:100],
        returned_at=now,
    )
    ReturnLine.objects.bulk_create(
        [
            ReturnLine(
                of=of,
                position=position,
                order_line=back.line,
                sku=back.line.sku,
                quantity=back.quantity,
                reason=back.wish.reason[:200],
                condition=back.wish.condition,
                amount=back.amount,
            )
            for position, back in enumerate(backs, start=1)
        ]
    )
    return of


def _fulfilled_worth(order: Order, rows: Sequence[OrderLine]) -> int:
    """What all units that ever reached the customer are worth: the measure for points of the whole order."""
    return sum(
        value_of_units(line_worth(order, row), row.quantity, 0, row.cancelled + row.fulfilled)
        - value_of_units(line_worth(order, row), row.quantity, 0, row.cancelled)
        for row in rows
    )


def _take_points_back(
    order: Order, rows: Sequence[OrderLine], of: Return, worth_before: int, worth: int, by: str, now: datetime
) -> int:
    """Points that the returned goods earned, in exact proportion over all returns; 0 before anything was earned."""
    if order.completed_at is None or order.source_record_id is None or order.history:
        return 0
    basis, before_completion = earned_on(order)
    kept_at_first = _fulfilled_worth(order, rows) - before_completion
    since = worth_before - before_completion
    returned_basis = share_step(basis, kept_at_first, since, since + worth)
    taken = earning.claw_back(
        order=order.number, returned_basis=returned_basis, return_number=of.number, by=by, now=now
    )
    if taken:
        Order.objects.filter(pk=order.pk).update(points_earned=Column("points_earned") - taken)
        order.points_earned -= taken
    return taken


def earned_on(order: Order) -> tuple[int, int]:
    """What the order's points were earned on, and the worth of what had come back before, as its completion says."""
    told = order.events.filter(kind="completed").values_list("data", flat=True).first() or {}
    return int(told.get("basis", 0)), int(told.get("returned_before", 0))


def _close_failed(order: Order, now: datetime) -> None:
    """A delivery that failed is over once everything of it has come back."""
    for row in order.fulfilments.filter(status=Fulfilment.Status.FAILED):
        if not row.lines.exclude(order_line__returned=Column("order_line__fulfilled")).exists():
            row.status, row.ended_at = Fulfilment.Status.CANCELLED, now
            row.save(update_fields=["status", "ended_at"])


def _tell(order: Order, of: Return, backs: Sequence[Back], refunded: Refunded, by: str, now: datetime) -> None:
    payload = {"return": of.number}
    data = {
        "return": of.number,
        "location": of.location.code if of.location else None,
        "lines": [{"sku": back.line.sku, "quantity": back.quantity, "amount": back.amount} for back in backs],
    }
    happened(order, "returned", by=by, now=now, data=data, tell="order.returned", payload=payload)
    if refunded.amount:
        told = {"return": of.number, "amount": refunded.amount}
        happened(order, "refunded", by=by, now=now, data=told, tell="order.refunded", payload=payload)


def _restock(order: Order, location: Location, backs: Sequence[Back], by: str, now: datetime) -> None:
    moving = [back for back in backs if back.line.variant_id is not None]
    for back in sorted(moving, key=lambda back: (back.line.variant_id or 0, back.line.position)):
        assert back.line.variant_id is not None
        stock.take_back(
            order=order.number,
            variant_id=back.line.variant_id,
            location_id=location.pk,
            quantity=back.quantity,
            condition="sellable" if back.wish.condition == "sellable" else "damaged",
            by=by,
            now=now,
        )
