"""Stock by location: promise it, hand it over, take it back, and say why it is what it is.

`on_hand` is moved by inserting movements alone. Stock comes last in the order of all locks. Each write queues
the offers of its variants to be computed anew.
"""

from catalog.stock.levels import atp, due, lock_levels
from catalog.stock.promising import Held, NotHeld, OutOfStock, Want, hand_over, release, reserve
from catalog.stock.shelves import (
    BadReason,
    BadUnits,
    BelowReserved,
    adjust,
    count,
    receive,
    set_safety,
    transfer,
)
from catalog.stock.taking import Gap, take_back, take_unreserved

__all__ = [
    "BadReason",
    "BadUnits",
    "BelowReserved",
    "Gap",
    "Held",
    "NotHeld",
    "OutOfStock",
    "Want",
    "adjust",
    "atp",
    "count",
    "due",
    "hand_over",
    "lock_levels",
    "receive",
    "release",
    "reserve",
    "set_safety",
    "take_back",
    "take_unreserved",
    "transfer",
]
