"""What a store or warehouse does with an order's goods, one function a verb."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from omni.core.db import write
from omni.core.errors import Conflict, Unprocessable
from orders.cancelling import LineWish, UnknownLine
from orders.completing import capture_cash_due, count_handed_over, leave_shelf, settle
from orders.events import happened
from orders.locking import lock_fulfilment
from orders.models import Fulfilment, Order
from orders.next_steps import PICKUP
from orders.pickup import NotForPickup, NotPaid
from orders.states import may_become

F = Fulfilment.Status


class NotAllowedNow(Conflict):
    """`details.status` says where the fulfilment stands."""

    code = "not_allowed_now"
    message = _("This step does not follow from where the fulfilment stands.")


class NotShipped(Conflict):
    code = "not_shipped"
    message = _("This is collected, not sent. Mark it ready instead.")


class OverPick(Unprocessable):
    code = "over_pick"
    message = _("More than was ordered cannot be picked.")


def accept(*, fulfilment_id: int, by: str, now: datetime) -> Order:
    """The location takes the work on. Locks customer, order, fulfilment, as every verb does."""
    with write():
        order, row = _may_become(fulfilment_id, F.ACCEPTED)
        return _step(order, row, F.ACCEPTED, by=by, now=now)


def pick(*, fulfilment_id: int, lines: Sequence[LineWish] | None, by: str, now: datetime) -> Order:
    """Goods taken off the shelf: some lines, or (None) all. Picked once everything is there.

    What is missing is not picked but rejected with a reason. Raises UnknownLine and OverPick.
    """
    with write():
        order, row = _may_become(fulfilment_id, F.PICKED)
        parts = list(row.lines.select_related("order_line").order_by("pk"))
        by_sku = {part.order_line.sku: part for part in parts}
        if lines is None:
            for part in parts:
                part.picked = part.quantity
        for index, wish in enumerate(lines or ()):
            part_told = by_sku.get(wish.sku)
            if part_told is None:
                raise UnknownLine(param=f"lines[{index}].sku")
            if part_told.picked + wish.quantity > part_told.quantity:
                raise OverPick(
                    param=f"lines[{index}].quantity",
                    details={"sku": wish.sku, "left": part_told.quantity - part_told.picked},
                )
            part_told.picked += wish.quantity
        type(parts[0]).objects.bulk_update(parts, ["picked"])
        if any(part.picked < part.quantity for part in parts):
            happened(order, "fulfilment.picking", by=by, now=now, data=_data(row))
            if row.status == F.NEW:
                row.status = F.ACCEPTED
                row.save(update_fields=["status"])
                settle(order, by=by, now=now)
            return order
        return _step(order, row, F.PICKED, by=by, now=now)


def pack(*, fulfilment_id: int, by: str, now: datetime) -> Order:
    """Packed for the way."""
    with write():
        order, row = _may_become(fulfilment_id, F.PACKED)
        return _step(order, row, F.PACKED, by=by, now=now)


def ready(*, fulfilment_id: int, slot: datetime | None = None, by: str, now: datetime) -> Order:
    """Waiting for the customer at the place of pick-up, for as many days as that location keeps things.

    The message that this notes makes a fresh code when it is sent. Raises NotForPickup.
    """
    with write():
        order, row = _may_become(fulfilment_id, F.READY)
        if row.method not in PICKUP or row.pickup is None:
            raise NotForPickup
        row.ready_at = now
        row.promised_at = slot or row.promised_at
        row.expires_at = max(now, slot or now) + timedelta(days=row.pickup.pickup_days)
        row.save(update_fields=["ready_at", "promised_at", "expires_at"])
        return _step(order, row, F.READY, by=by, now=now, tell="order.ready")


def extend(*, fulfilment_id: int, until: datetime, by: str, now: datetime) -> Order:
    """Keep it longer for a customer who asks; the live code lives as long. Raises NotAllowedNow."""
    with write():
        order, row = lock_fulfilment(fulfilment_id)
        if row.status != F.READY:
            raise NotAllowedNow(details={"status": row.status})
        if until <= now:
            raise Unprocessable(_("The new end lies in the past."), code="bad_time", param="until")
        row.expires_at = until
        row.save(update_fields=["expires_at"])
        row.codes.filter(ended_at=None).update(expires_at=until)
        happened(order, "fulfilment.extended", by=by, now=now, data=_data(row) | {"until": until.isoformat()})
        return order


def ship(*, fulfilment_id: int, carrier: str, tracking: str, by: str, now: datetime) -> Order:
    """Handed to a carrier: the goods leave the stock now, last. After a failed delivery they are only on the way
    again. Raises NotShipped for a pick-up."""
    with write():
        order, row = _may_become(fulfilment_id, F.SHIPPED)
        if row.method in PICKUP:
            raise NotShipped
        again = row.status == F.FAILED
        row.carrier, row.tracking = carrier[:100], tracking[:100]
        row.save(update_fields=["carrier", "tracking"])
        handed = [] if again else count_handed_over([row])
        order = _step(order, row, F.SHIPPED, by=by, now=now, data={"carrier": carrier, "tracking": tracking})
        if handed:
            leave_shelf(order, row.source_id, handed, by=by, now=now)
        return order


def deliver(*, fulfilment_id: int, by: str, now: datetime) -> Order:
    """The customer has it; cash on delivery is paid."""
    with write():
        order, row = _may_become(fulfilment_id, F.DELIVERED)
        row.ended_at = now
        row.save(update_fields=["ended_at"])
        capture_cash_due(order, by=by, now=now)
        return _step(order, row, F.DELIVERED, by=by, now=now)


def fail(*, fulfilment_id: int, reason: str, by: str, now: datetime) -> Order:
    """The carrier could not deliver; it is sent again, or its goods come back as a return."""
    with write():
        order, row = _may_become(fulfilment_id, F.FAILED)
        return _step(order, row, F.FAILED, by=by, now=now, data={"reason": reason})


def _may_become(fulfilment_id: int, status: str) -> tuple[Order, Fulfilment]:
    """Lock, and refuse a step that is not in the table, or one of an order that nobody has paid."""
    order, row = lock_fulfilment(fulfilment_id)
    if not may_become("fulfilment", row.status, status):
        raise NotAllowedNow(details={"status": row.status, "wanted": status})
    if order.status == Order.Status.AWAITING_PAYMENT:
        raise NotPaid
    return order, row


def _step(
    order: Order,
    row: Fulfilment,
    status: str,
    *,
    by: str,
    now: datetime,
    data: dict[str, Any] | None = None,
    tell: str | None = None,
) -> Order:
    row.status = status
    row.save(update_fields=["status"])
    kind = f"fulfilment.{status}"
    happened(
        order, kind, by=by, now=now, data=_data(row) | (data or {}), tell=tell or kind, payload={"fulfilment": row.pk}
    )
    settle(order, by=by, now=now)
    return order


def _data(row: Fulfilment) -> dict[str, Any]:
    return {"fulfilment": row.pk, "location": (row.pickup or row.source).code}
