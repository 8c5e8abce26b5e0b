"""Promise stock to orders, give it back, hand it over.

The lock of a level guards its reservations too: levels are locked, or conditionally updated, in (variant,
location) order before any reservation is touched.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.models import Movement, Reservation, StockLevel
from catalog.stock.levels import Key, atp, due, lock_levels
from omni.core.db import assert_in_transaction, fetch_all
from omni.core.errors import Conflict
from omni.core.outbox import wake_after_commit


class OutOfStock(Conflict):
    code = "out_of_stock"
    message = _("There is not enough in stock there. Take less, or choose another place that has it.")


class NotHeld(Conflict):
    code = "not_held"
    message = _("The stock for this is not held any more. Hold it again before handing it over.")


@dataclass(frozen=True, slots=True)
class Want:
    """So many units of a variant from a location, for one line (its position) of an order."""

    variant_id: int
    sku: str
    location_id: int
    quantity: int
    line: int


@dataclass(frozen=True, slots=True)
class Held:
    """Units of a line that were released or handed over, and where."""

    line: int
    variant_id: int
    location_id: int
    quantity: int


def reserve(*, order: str, wants: Sequence[Want], now: datetime) -> None:
    """Promise stock to an order's lines: all of them, or none and OutOfStock says which and where else it is.

    One conditional statement, meant as the last one before the commit, so that the most contended rows are
    locked for the shortest time. A refusal leaves the caller's transaction usable.
    """
    assert_in_transaction()
    if not wants:
        return
    held = fetch_all(
        """
        WITH wanted AS (
          SELECT variant_id, location_id, sum(quantity)::int AS quantity
          FROM unnest(%(variants)s::bigint[], %(locations)s::bigint[], %(quantities)s::int[])
            AS w (variant_id, location_id, quantity) GROUP BY 1, 2
        ), locked AS (
          -- The lock gives the newest row, so what is decided on below cannot change any more.
          SELECT l.id, l.on_hand - l.reserved - l.safety AS atp, w.quantity
          FROM catalog_stocklevel l JOIN wanted w USING (variant_id, location_id)
          ORDER BY l.variant_id, l.location_id FOR NO KEY UPDATE OF l
        ), verdict AS (
          SELECT count(*) FILTER (WHERE atp >= quantity) = (SELECT count(*) FROM wanted) AS fits FROM locked
        ), taken AS (
          UPDATE catalog_stocklevel l SET reserved = l.reserved + k.quantity
          FROM locked k, verdict WHERE l.id = k.id AND verdict.fits
        ), due AS (
          INSERT INTO catalog_dueoffer (variant_id, due_at)
          SELECT DISTINCT variant_id, %(now)s::timestamptz FROM wanted, verdict WHERE verdict.fits
        )
        INSERT INTO catalog_reservation (variant_id, location_id, quantity, "order", line, state, created_at)
        SELECT w.variant_id, w.location_id, sum(w.quantity), %(order)s, w.line, 'open', %(now)s
        FROM unnest(%(variants)s::bigint[], %(locations)s::bigint[], %(quantities)s::int[], %(lines)s::int[])
          AS w (variant_id, location_id, quantity, line), verdict
        WHERE verdict.fits GROUP BY w.variant_id, w.location_id, w.line
        RETURNING id
        """,
        {
            "variants": [want.variant_id for want in wants],
            "locations": [want.location_id for want in wants],
            "quantities": [want.quantity for want in wants],
            "lines": [want.line for want in wants],
            "order": order,
            "now": now,
        },
    )
    if not held:
        raise OutOfStock(details={"lines": _shortages(wants)})
    wake_after_commit()


def release(
    *, order: str, now: datetime, lines: Sequence[tuple[int, int]] | None = None, location_id: int | None = None
) -> list[Held]:
    """Give back what an order still holds (at one location): all, or (line, quantity) parts. Returns what it was.

    Safe to repeat: what is not held any more is not released again.
    """
    assert_in_transaction()
    parts = _parts_of(order, lines, location_id)
    end(parts, Reservation.State.RELEASED, now)
    free(parts)
    due({reservation.variant_id for reservation, _quantity in parts}, now)
    return [_held(reservation, quantity) for reservation, quantity in parts]


def hand_over(
    *,
    order: str,
    by: str,
    now: datetime,
    lines: Sequence[tuple[int, int]] | None = None,
    location_id: int | None = None,
) -> list[Held]:
    """The goods that an order holds (at one location) leave the shelf: reservations become sale movements.

    All of them, or (line, quantity) parts; NotHeld, and nothing moves, where a part is not held any more.
    """
    assert_in_transaction()
    parts = _parts_of(order, lines, location_id)
    if lines is not None:
        held: dict[int, int] = defaultdict(int)
        for reservation, quantity in parts:
            held[reservation.line] += quantity
        wanted: dict[int, int] = defaultdict(int)
        for line, quantity in lines:
            wanted[line] += quantity
        missing = [{"line": line, "held": held[line], "wanted": n} for line, n in wanted.items() if held[line] < n]
        if missing:
            raise NotHeld(details={"lines": missing})
    end(parts, Reservation.State.FULFILLED, now)
    free(parts)
    Movement.objects.bulk_create(
        [
            Movement(
                variant_id=reservation.variant_id,
                location_id=reservation.location_id,
                quantity=-quantity,
                reason=Movement.Reason.SALE,
                source_kind="order",
                source=order,
                moved_by=by,
                moved_at=now,
            )
            for reservation, quantity in parts
        ]
    )
    due({reservation.variant_id for reservation, _quantity in parts}, now)
    return [_held(reservation, quantity) for reservation, quantity in parts]


def end(parts: Sequence[tuple[Reservation, int]], state: Reservation.State, now: datetime) -> None:
    """End reservations, or parts of them: the part becomes a row of its own, the rest stays held."""
    whole = [reservation.pk for reservation, quantity in parts if quantity == reservation.quantity]
    Reservation.objects.filter(pk__in=whole).update(state=state, ended_at=now)
    for reservation, quantity in parts:
        if quantity < reservation.quantity:
            Reservation.objects.filter(pk=reservation.pk).update(quantity=reservation.quantity - quantity)
            Reservation.objects.create(
                variant_id=reservation.variant_id,
                location_id=reservation.location_id,
                quantity=quantity,
                order=reservation.order,
                line=reservation.line,
                state=state,
                created_at=reservation.created_at,
                ended_at=now,
            )


def free(parts: Sequence[tuple[Reservation, int]]) -> None:
    """Lower `reserved` of the locked levels."""
    freed: dict[Key, int] = defaultdict(int)
    for reservation, quantity in parts:
        freed[reservation.variant_id, reservation.location_id] += quantity
    if freed:
        fetch_all(
            "UPDATE catalog_stocklevel l SET reserved = l.reserved - f.quantity"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS f (variant_id, location_id, quantity)"
            " WHERE l.variant_id = f.variant_id AND l.location_id = f.location_id RETURNING l.id",
            [[key[0] for key in freed], [key[1] for key in freed], list(freed.values())],
        )


def _shortages(wants: Sequence[Want]) -> list[dict[str, object]]:
    """For a refusal: of each SKU that is short, what was asked, what is there, and where else it is."""
    asked: dict[Key, int] = defaultdict(int)
    for want in wants:
        asked[want.variant_id, want.location_id] += want.quantity
    skus = {want.variant_id: want.sku for want in wants}
    everywhere = atp(set(skus))
    codes = dict(
        StockLevel.objects.filter(variant__in=set(skus)).values_list("location_id", "location__code").distinct()
    )
    return [
        {
            "sku": skus[variant],
            "requested": quantity,
            "available": everywhere.get((variant, location), 0),
            "elsewhere": [
                {"location": codes[other], "atp": units}
                for (of, other), units in sorted(everywhere.items(), key=lambda row: (-row[1], row[0]))
                if of == variant and other != location and units > 0
            ],
        }
        for (variant, location), quantity in asked.items()
        if everywhere.get((variant, location), 0) < quantity
    ]


def _parts_of(
    order: str, lines: Sequence[tuple[int, int]] | None, location_id: int | None
) -> list[tuple[Reservation, int]]:
    """Open reservations of an order and how much of each is meant, under the locks of their levels."""
    live = Reservation.objects.filter(order=order, state=Reservation.State.OPEN)
    if location_id is not None:
        live = live.filter(location=location_id)
    if lines is not None:
        live = live.filter(line__in=[line for line, _quantity in lines])
    lock_levels(set(live.values_list("variant_id", "location_id")))
    found = list(live.order_by("line", "id"))
    if lines is None:
        return [(reservation, reservation.quantity) for reservation in found]
    wanted: dict[int, int] = defaultdict(int)
    for line, quantity in lines:
        wanted[line] += quantity
    parts = []
    for reservation in found:
        quantity = min(reservation.quantity, wanted[reservation.line])
        wanted[reservation.line] -= quantity
        if quantity > 0:
            parts.append((reservation, quantity))
    return parts


def _held(reservation: Reservation, quantity: int) -> Held:
    return Held(reservation.line, reservation.variant_id, reservation.location_id, quantity)
