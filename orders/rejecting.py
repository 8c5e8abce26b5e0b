"""A location cannot send what it was asked to: another one does, or the customer gets the money back."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalog import stock
from omni.core.db import write
from omni.core.errors import Unprocessable
from orders.cancelling import LineWish, Stopped, UnknownLine, release, take_off
from orders.completing import settle
from orders.events import happened
from orders.fulfilling import NotAllowedNow
from orders.locking import lock_fulfilment
from orders.models import Fulfilment, FulfilmentLine, Method, Order
from orders.routing import Need, Parcel
from orders.sourcing import elsewhere

F = Fulfilment.Status
REASONS = ("not_in_stock", "damaged", "mismatch")
# Goods that the customer collects from this very shelf cannot come from another one without asking them.
_FIXED = frozenset({Method.BOPIS, Method.CARRY_OUT})


def reject(*, fulfilment_id: int, reason: str, lines: Sequence[LineWish] | None, by: str, now: datetime) -> Order:
    """Give back units that a location does not have, all or some, with a reason (see REASONS).

    What another location has is sent from there; the rest is cancelled and paid back. Raises NotAllowedNow,
    UnknownLine. Locks customer, order, fulfilment, ledger, and stock last.
    """
    if reason not in REASONS:
        raise Unprocessable(_("A reason is not_in_stock, damaged or mismatch."), code="bad_reason", param="reason")
    with write():
        order, row = lock_fulfilment(fulfilment_id)
        if row.status not in {F.NEW, F.ACCEPTED, F.PICKED}:
            raise NotAllowedNow(details={"status": row.status})
        stops = _stops(row, lines)
        happened(
            order,
            "fulfilment.rejected",
            by=by,
            now=now,
            data={
                "fulfilment": row.pk,
                "reason": reason,
                "lines": [{"sku": s.part.order_line.sku, "quantity": s.quantity} for s in stops],
            },
            tell="fulfilment.rejected",
            payload={"fulfilment": row.pk},
        )
        parcels = [] if row.method in _FIXED else _other_parcels(row, stops)
        moved = dict.fromkeys((stop.part.order_line.position for stop in stops), 0)
        for parcel in parcels:
            for line, quantity in parcel.lines:
                moved[line] += quantity
        lost = [s for s in _less(stops, moved) if s.quantity]
        if lost:
            take_off(order, lost, end=F.REJECTED, reason=reason, kind="cancelled", by=by, now=now)
        if parcels:
            _move(order, row, stops, moved, parcels, by=by, now=now)
        return order


def _stops(row: Fulfilment, lines: Sequence[LineWish] | None) -> list[Stopped]:
    parts = {part.order_line.sku: part for part in row.lines.select_related("order_line").order_by("pk")}
    if lines is None:
        return [Stopped(row, part, part.quantity) for part in parts.values()]
    stops = []
    for index, wish in enumerate(lines):
        part = parts.get(wish.sku)
        if part is None or wish.quantity > part.quantity:
            raise UnknownLine(param=f"lines[{index}].sku")
        stops.append(Stopped(row, part, wish.quantity))
    return stops


def _other_parcels(row: Fulfilment, stops: Sequence[Stopped]) -> list[Parcel]:
    needs = [
        Need(
            line=stop.part.order_line.position,
            variant=stop.part.order_line.variant_id,
            sku=stop.part.order_line.sku,
            quantity=stop.quantity,
        )
        for stop in stops
        if stop.part.order_line.variant_id is not None
    ]
    return list(elsewhere(row.method, needs, without=row.source_id, pickup=row.pickup_id).parcels)


def _less(stops: Sequence[Stopped], moved: dict[int, int]) -> list[Stopped]:
    return [
        Stopped(stop.fulfilment, stop.part, stop.quantity - moved.get(stop.part.order_line.position, 0))
        for stop in stops
    ]


def _move(
    order: Order,
    row: Fulfilment,
    stops: Sequence[Stopped],
    moved: dict[int, int],
    parcels: Sequence[Parcel],
    *,
    by: str,
    now: datetime,
) -> None:
    """Hang the units that others have on new fulfilments, and their stock with them."""
    lines = {stop.part.order_line.position: stop for stop in stops}
    going = [Stopped(row, lines[line].part, quantity) for line, quantity in moved.items() if quantity]
    _take_from(row, going, now)
    wants: list[stock.Want] = []
    for parcel in parcels:
        other = Fulfilment.objects.create(
            order=order,
            method=row.method,
            source_id=parcel.location,
            pickup=row.pickup,
            address=row.address,
            promised_at=row.promised_at,
            created_at=now,
        )
        for line, quantity in parcel.lines:
            order_line = lines[line].part.order_line
            FulfilmentLine.objects.create(fulfilment=other, order_line=order_line, quantity=quantity)
            assert order_line.variant_id is not None
            wants.append(stock.Want(order_line.variant_id, order_line.sku, parcel.location, quantity, line))
        happened(order, "rerouted", by=by, now=now, data={"from": row.pk, "to": other.pk, "reason": parcel.reason})
    settle(order, by=by, now=now)
    with transaction.atomic():
        release(order, [(stop.part.order_line.position, stop) for stop in going], now=now)
        stock.reserve(order=order.number, wants=wants, now=now)


def _take_from(row: Fulfilment, going: Sequence[Stopped], now: datetime) -> None:
    left = {part.pk: part for part in row.lines.all()}
    for stop in going:
        part = left.get(stop.part.pk)
        if part is None:
            continue
        part.quantity -= stop.quantity
    if all(part.quantity == 0 for part in left.values()):
        row.status, row.ended_at = F.REJECTED, now
        row.save(update_fields=["status", "ended_at"])
        return
    for part in left.values():
        if part.quantity == 0:
            part.delete()
        else:
            part.picked = min(part.picked, part.quantity)
            part.save(update_fields=["quantity", "picked"])
