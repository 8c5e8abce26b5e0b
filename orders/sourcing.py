"""Where the goods of a new order come from and how they reach the customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from catalog import stock
from omni.core.errors import BadRequest, Unprocessable
from omni.core.models import Location
from orders.models import Fulfilment, FulfilmentLine, Method, Order, OrderLine
from orders.next_steps import PICKUP
from orders.routing import Need, Parcel, Plan, route


class BadMethod(Unprocessable):
    code = "method_not_offered"
    message = _("This location does not offer that. Choose another location or another way.")


@dataclass(frozen=True, slots=True)
class Way:
    """How the customer wants the goods: by which method, at which location, or at which address."""

    method: str
    location: Location | None = None
    address: Mapping[str, Any] = field(default_factory=dict)
    slot: datetime | None = None


def read_way(told: Mapping[str, Any], *, till: Location | None, in_store: bool = False) -> Way:
    """Check a told fulfilment {method, location?, address?, slot?} and find its location.

    A till hands out at its own location, and only somebody `in_store` may say that goods are carried out. Raises
    BadRequest for what is missing, BadMethod for what the location does not do.
    """
    method = str(told.get("method") or (Method.CARRY_OUT if till else ""))
    if method not in Method.values:
        raise BadRequest(_("Say how the customer gets the goods."), code="required", param="fulfilment.method")
    location = _location(told.get("location"), till if method == Method.CARRY_OUT else None)
    if method == Method.CARRY_OUT and (not in_store or (till is not None and location != till)):
        raise BadMethod(param="fulfilment.method")
    if (method in PICKUP or method == Method.CARRY_OUT) and location is None:
        raise BadRequest(_("Say at which location."), code="required", param="fulfilment.location")
    if location is not None and not _offers(location, method):
        raise BadMethod(param="fulfilment.location")
    address = dict(told.get("address") or {})
    if method in {Method.DELIVERY, Method.SHIP_FROM_STORE} and not address:
        raise BadRequest(_("Say to which address."), code="required", param="fulfilment.address")
    return Way(method=method, location=location, address=address, slot=told.get("slot"))


def plan_sources(way: Way, needs: Sequence[Need]) -> Plan:
    """From which shelves the lines come. Reads what can be promised now; reserving is what decides.

    Raises catalog's OutOfStock where nobody has enough.
    """
    if way.method in {Method.CARRY_OUT, Method.BOPIS, Method.CURBSIDE}:
        assert way.location is not None
        lines = tuple((need.line, need.quantity) for need in needs)
        return Plan((Parcel(way.location.pk, lines, "chosen"),))
    locations = _candidates(way)
    atp = stock.atp([need.variant for need in needs], [location.pk for location in locations])
    plan = route(needs, atp, [location.pk for location in _ranked(locations, way, atp)])
    if plan.missing:
        raise stock.OutOfStock(details={"lines": [_short(need, plan) for need in needs if _is_short(need, plan)]})
    return plan


def write_fulfilments(
    order: Order, way: Way, plan: Plan, lines: Mapping[int, OrderLine], *, now: datetime
) -> list[Fulfilment]:
    """One fulfilment for each parcel, with its lines."""
    rows = [
        Fulfilment(
            order=order,
            method=way.method,
            source_id=parcel.location,
            pickup=way.location if way.method in PICKUP or way.method == Method.CARRY_OUT else None,
            address=dict(way.address),
            promised_at=way.slot,
            created_at=now,
        )
        for parcel in plan.parcels
    ]
    Fulfilment.objects.bulk_create(rows)
    FulfilmentLine.objects.bulk_create(
        [
            FulfilmentLine(fulfilment=row, order_line=lines[line], quantity=quantity)
            for row, parcel in zip(rows, plan.parcels, strict=True)
            for line, quantity in parcel.lines
        ]
    )
    return rows


def wants_of(plan: Plan, needs: Sequence[Need]) -> list[stock.Want]:
    """What to reserve where."""
    by_line = {need.line: need for need in needs}
    return [
        stock.Want(
            variant_id=by_line[line].variant,
            sku=by_line[line].sku,
            location_id=parcel.location,
            quantity=quantity,
            line=line,
        )
        for parcel in plan.parcels
        for line, quantity in parcel.lines
    ]


def best_effort(
    order: Order,
    method: str,
    location: Location | None,
    address: Mapping[str, Any],
    needs: Sequence[Need],
    lines: Mapping[int, OrderLine],
    *,
    now: datetime,
) -> list[tuple[int, int]]:
    """Hold what can be held of goods that are owed already, never refusing; returns (line, missing quantity).

    What nobody has stands on a fulfilment of the first choice all the same, for the desk to settle.
    """
    way = Way(method=method, location=location, address=address)
    fixed = location is not None and method in {Method.CARRY_OUT, Method.BOPIS, Method.CURBSIDE}
    locations = [location] if fixed and location is not None else _candidates(way)
    if not locations:
        return [(need.line, need.quantity) for need in needs]
    atp = stock.atp([need.variant for need in needs], [row.pk for row in locations])
    ranked = _ranked(locations, way, atp)
    plan = route(needs, atp, [row.pk for row in ranked])
    missing = dict(plan.missing)
    parcels = list(plan.parcels)
    if missing:
        parcels.append(Parcel(ranked[0].pk, tuple(missing.items()), "short"))
    write_fulfilments(order, way, Plan(_joined(parcels)), lines, now=now)
    try:
        stock.reserve(order=order.number, wants=wants_of(plan, needs), now=now)
    except stock.OutOfStock:
        # Somebody else took it between the look and the hold.
        return [(need.line, need.quantity) for need in needs]
    return list(missing.items())


def _joined(parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """One parcel for each location, each line once."""
    by_location: dict[int, dict[int, int]] = {}
    for parcel in parcels:
        lines = by_location.setdefault(parcel.location, {})
        for line, quantity in parcel.lines:
            lines[line] = lines.get(line, 0) + quantity
    return tuple(Parcel(at, tuple(lines.items()), "as_told") for at, lines in by_location.items())


def elsewhere(way_method: str, needs: Sequence[Need], *, without: int, pickup: int | None) -> Plan:
    """A plan from other locations, for goods that one location turned out not to have; may miss something."""
    location = Location.objects.filter(pk=pickup).first() if pickup else None
    way = Way(method=way_method, location=location)
    locations = [row for row in _candidates(way) if row.pk != without]
    atp = stock.atp([need.variant for need in needs], [row.pk for row in locations])
    return route(needs, atp, [row.pk for row in _ranked(locations, way, atp)])


def _location(code: Any, default: Location | None) -> Location | None:
    if not code:
        return default
    location = Location.objects.filter(code=str(code), active=True).first()
    if location is None:
        raise Unprocessable(_("There is no such location."), code="unknown_location", param="fulfilment.location")
    return location


def _offers(location: Location, method: str) -> bool:
    if method in {Method.BOPIS, Method.CLICK_AND_COLLECT}:
        return location.can_pick_up
    if method == Method.CURBSIDE:
        return location.can_curbside
    if method == Method.SHIP_FROM_STORE:
        return location.can_ship
    return True


def _candidates(way: Way) -> list[Location]:
    rows = Location.objects.filter(active=True).order_by("pk")
    if way.method == Method.SHIP_FROM_STORE:
        rows = rows.filter(can_ship=True, kind=Location.Kind.STORE)
        if way.location is not None:
            rows = rows.filter(pk=way.location.pk)
    elif way.method == Method.DELIVERY:
        rows = rows.filter(can_ship=True)
    return list(rows)


def _ranked(locations: Sequence[Location], way: Way, atp: Mapping[tuple[int, int], int]) -> list[Location]:
    """Same province as the address first, then who has most to spare; the place of pick-up itself only at last."""
    province = str(way.address.get("province", "")).strip().lower()
    collected_at = way.location.pk if way.location is not None and way.method in PICKUP else None

    def rank(location: Location) -> tuple[bool, bool, int, int]:
        spare = sum(free for (_variant, at), free in atp.items() if at == location.pk)
        near = bool(province) and location.province.strip().lower() == province
        return location.pk == collected_at, not near, -spare, location.pk

    return sorted(locations, key=rank)


def _is_short(need: Need, plan: Plan) -> bool:
    return any(line == need.line for line, _left in plan.missing)


def _short(need: Need, plan: Plan) -> dict[str, Any]:
    left = dict(plan.missing)[need.line]
    return {"sku": need.sku, "requested": need.quantity, "available": need.quantity - left, "elsewhere": []}
