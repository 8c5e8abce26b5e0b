"""Goods that left before the books knew, and goods that came back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from catalog.models import Movement, Reservation
from catalog.stock.levels import Key, due, lock_levels, movement
from catalog.stock.promising import Want, end, free
from omni.core.db import assert_in_transaction


@dataclass(frozen=True, slots=True)
class Gap:
    """What books and shelves disagreed on when goods had already left.

    `found`: so many were sold that the books did not have. `gave_way`: a younger promise, of `order` and `line`,
    lost so many units and must be met from elsewhere.
    """

    kind: Literal["found", "gave_way"]
    variant_id: int
    sku: str
    location_id: int
    quantity: int
    order: str
    line: int


def take_unreserved(*, order: str, wants: Sequence[Want], by: str, now: datetime) -> list[Gap]:
    """Write down that goods have already left: never refused.

    What the books did not have is `found` first; promises that can then not be kept give way, the youngest
    first. Returns both kinds of gaps, for the desk and for rerouting.
    """
    assert_in_transaction()
    levels = lock_levels({(want.variant_id, want.location_id) for want in wants}, create=True)
    skus = {want.variant_id: want.sku for want in wants}
    sold: dict[Key, int] = defaultdict(int)
    for want in wants:
        sold[want.variant_id, want.location_id] += want.quantity
    gaps: list[Gap] = []
    moves: list[Movement] = []
    for key in sorted(sold):
        level, quantity = levels[key], sold[key]
        line = next(want.line for want in wants if (want.variant_id, want.location_id) == key)
        found = max(0, quantity - level.on_hand)
        if found:
            gaps.append(Gap("found", key[0], skus[key[0]], key[1], found, order, line))
            moves.append(movement(key, found, Movement.Reason.FOUND, ("order", order), by, now))
        gaps += _give_way(key, skus[key[0]], level.reserved - (level.on_hand + found - quantity), now)
        moves.append(movement(key, -quantity, Movement.Reason.SALE, ("order", order), by, now))
    Movement.objects.bulk_create(moves)
    due(skus, now)
    return gaps


def take_back(
    *,
    order: str,
    variant_id: int,
    location_id: int,
    quantity: int,
    condition: Literal["sellable", "damaged"],
    by: str,
    now: datetime,
) -> None:
    """Goods of an order came back to a location, on sale again only if sellable; damaged ones are written off."""
    assert_in_transaction()
    key = (variant_id, location_id)
    moves = [movement(key, quantity, Movement.Reason.RETURN, ("order", order), by, now)]
    if condition != "sellable":
        moves.append(movement(key, -quantity, Movement.Reason.DAMAGED, ("order", order), by, now))
    Movement.objects.bulk_create(moves)
    due([variant_id], now)


def _give_way(key: Key, sku: str, short: int, now: datetime) -> list[Gap]:
    """Release the youngest promises of a locked level until `short` units are free."""
    parts: list[tuple[Reservation, int]] = []
    if short > 0:
        live = Reservation.objects.filter(variant=key[0], location=key[1], state=Reservation.State.OPEN)
        for reservation in live.order_by("-id"):
            quantity = min(short, reservation.quantity)
            short -= quantity
            if quantity:
                parts.append((reservation, quantity))
    end(parts, Reservation.State.RELEASED, now)
    free(parts)
    return [
        Gap("gave_way", key[0], sku, key[1], quantity, reservation.order, reservation.line)
        for reservation, quantity in parts
    ]
