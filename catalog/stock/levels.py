"""Levels: lock them in the one order, read what can be promised, and queue the offers that follow."""

from collections.abc import Collection
from datetime import datetime

from catalog.models import DueOffer, Movement, StockLevel
from omni.core.db import assert_in_transaction, fetch_all
from omni.core.outbox import wake_after_commit

# A level is of one variant at one location.
Key = tuple[int, int]


def atp(variant_ids: Collection[int], location_ids: Collection[int] | None = None) -> dict[Key, int]:
    """What can be promised now, by (variant, location); never below 0. Live levels, not offers."""
    levels = StockLevel.objects.filter(variant__in=variant_ids, location__active=True)
    if location_ids is not None:
        levels = levels.filter(location__in=location_ids)
    rows = levels.values_list("variant_id", "location_id", "on_hand", "reserved", "safety")
    return {(row[0], row[1]): max(0, row[2] - row[3] - row[4]) for row in rows}


def lock_levels(keys: Collection[Key], *, create: bool = False) -> dict[Key, StockLevel]:
    """Lock levels in (variant, location) order and return them; those that are missing begin empty if `create`."""
    assert_in_transaction()
    ordered = sorted(keys)
    variants, locations = [key[0] for key in ordered], [key[1] for key in ordered]
    if create:
        fetch_all(
            "INSERT INTO catalog_stocklevel (variant_id, location_id, on_hand, reserved, safety, unit_cost)"
            " SELECT v, l, 0, 0, 0, 0 FROM unnest(%s::bigint[], %s::bigint[]) AS w (v, l) ORDER BY v, l"
            " ON CONFLICT DO NOTHING RETURNING id",
            [variants, locations],
        )
    rows = StockLevel.objects.raw(
        "SELECT * FROM catalog_stocklevel WHERE (variant_id, location_id) IN"
        " (SELECT * FROM unnest(%s::bigint[], %s::bigint[])) ORDER BY variant_id, location_id FOR NO KEY UPDATE",
        [variants, locations],
    )
    return {(level.variant_id, level.location_id): level for level in rows}


def movement(
    key: Key, quantity: int, reason: Movement.Reason, source: tuple[str, str], by: str, now: datetime
) -> Movement:
    return Movement(
        variant_id=key[0],
        location_id=key[1],
        quantity=quantity,
        reason=reason,
        source_kind=source[0],
        source=source[1],
        moved_by=by,
        moved_at=now,
    )


def due(variant_ids: Collection[int], now: datetime) -> None:
    """Have the offers of these variants computed anew, soon after the commit."""
    if variant_ids:
        DueOffer.objects.bulk_create([DueOffer(variant_id=key, due_at=now) for key in sorted(variant_ids)])
        wake_after_commit()
