"""What happens on the shelves themselves: goods received, counted, corrected, sent to another location."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.models import Movement, StockLevel
from catalog.stock.levels import Key, due, lock_levels, movement
from omni.core.db import write
from omni.core.errors import Conflict, Unprocessable
from omni.core.money import share_of

# What a correction may be called; the other reasons come with their own deeds.
ADJUSTMENTS = frozenset({Movement.Reason.ADJUSTMENT, Movement.Reason.DAMAGED, Movement.Reason.FOUND})
# More than any shelf holds; keeps levels inside their columns.
MOST_UNITS = 100_000_000


class BelowReserved(Conflict):
    code = "below_reserved"
    message = _("So few would break promises to customers. Cancel or move those orders first.")


class BadUnits(Unprocessable):
    code = "bad_quantity"
    message = _("This is not a number of units that can be.")


class BadReason(Unprocessable):
    code = "bad_reason"
    message = _("A correction is an adjustment, damaged or found.")


def receive(
    *,
    variant_id: int,
    location_id: int,
    quantity: int,
    unit_cost: int | None = None,
    source: tuple[str, str] = ("", ""),
    note: str = "",
    by: str,
    now: datetime,
) -> StockLevel:
    """Goods arrive. `unit_cost` (minor units of the shop's currency) moves the average cost of what is there.

    `source` says what they belong to, such as ("import", "12"). Raises BadUnits. Locks the level.
    """
    _check_units(quantity, least=1)
    with write():
        key = (variant_id, location_id)
        level = lock_levels([key], create=True)[key]
        if unit_cost is not None:
            worth = level.on_hand * level.unit_cost + quantity * unit_cost
            average = share_of(worth, 1, level.on_hand + quantity)
            StockLevel.objects.filter(pk=level.pk).update(unit_cost=average)
        return _move(level, key, quantity, Movement.Reason.RECEIPT, source, note, by, now)


def adjust(
    *,
    variant_id: int,
    location_id: int,
    quantity: int,
    reason: str,
    note: str = "",
    by: str,
    now: datetime,
) -> StockLevel:
    """Correct a level by so many units, more or fewer, with a reason: adjustment, damaged or found.

    Raises BelowReserved, and nothing moves, where promises could not be kept; BadUnits, BadReason.
    """
    if reason not in ADJUSTMENTS:
        raise BadReason(param="reason")
    _check_units(abs(quantity), least=1)
    with write():
        key = (variant_id, location_id)
        level = lock_levels([key], create=True)[key]
        return _move(level, key, quantity, Movement.Reason(reason), ("", ""), note, by, now)


def count(
    *,
    variant_id: int,
    location_id: int,
    counted: int,
    source: tuple[str, str] = ("", ""),
    note: str = "",
    by: str,
    now: datetime,
) -> StockLevel:
    """So many were counted on the shelf: the level becomes that. The same count again moves nothing.

    Raises BelowReserved where fewer were counted than are promised, and BadUnits.
    """
    _check_units(counted, least=0)
    with write():
        key = (variant_id, location_id)
        level = lock_levels([key], create=True)[key]
        if counted == level.on_hand:
            return level
        return _move(level, key, counted - level.on_hand, Movement.Reason.COUNT, source, note, by, now)


def transfer(
    *,
    variant_id: int,
    from_location_id: int,
    to_location_id: int,
    quantity: int,
    note: str = "",
    by: str,
    now: datetime,
) -> None:
    """Goods go from one location to another, at their average cost. Raises BelowReserved and BadUnits."""
    _check_units(quantity, least=1)
    if from_location_id == to_location_id:
        raise BadUnits(param="to")
    with write():
        away, here = (variant_id, from_location_id), (variant_id, to_location_id)
        levels = lock_levels([away, here], create=True)
        worth = levels[here].on_hand * levels[here].unit_cost + quantity * levels[away].unit_cost
        _move(levels[away], away, -quantity, Movement.Reason.TRANSFER_OUT, ("", ""), note, by, now)
        average = share_of(worth, 1, levels[here].on_hand + quantity)
        StockLevel.objects.filter(pk=levels[here].pk).update(unit_cost=average)
        _move(levels[here], here, quantity, Movement.Reason.TRANSFER_IN, ("", ""), note, by, now)


def set_safety(*, variant_id: int, location_id: int, safety: int, now: datetime) -> StockLevel:
    """Keep so many units back from every promise at this location."""
    _check_units(safety, least=0)
    with write():
        key = (variant_id, location_id)
        level = lock_levels([key], create=True)[key]
        StockLevel.objects.filter(pk=level.pk).update(safety=safety)
        due([variant_id], now)
        level.safety = safety
        return level


def _move(
    level: StockLevel,
    key: Key,
    quantity: int,
    reason: Movement.Reason,
    source: tuple[str, str],
    note: str,
    by: str,
    now: datetime,
) -> StockLevel:
    """Insert the movement of a locked level and return the level as it then is."""
    if level.on_hand + quantity < level.reserved:
        raise BelowReserved(details={"on_hand": level.on_hand, "reserved": level.reserved})
    row = movement(key, quantity, reason, source, by, now)
    row.note = note
    row.save()
    due([key[0]], now)
    level.refresh_from_db()
    return level


def _check_units(quantity: int, *, least: int) -> None:
    if isinstance(quantity, bool) or not isinstance(quantity, int) or not least <= quantity <= MOST_UNITS:
        raise BadUnits(param="quantity")
