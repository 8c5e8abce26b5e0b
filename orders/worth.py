"""What units of an order line are worth, and how an amount is taken back out of payments. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass


def value_of_units(worth: int, quantity: int, first: int, count: int) -> int:
    """What units `first` up to `first + count` of a line are worth, in minor units.

    A line's worth is dealt out unit by unit; the fractions that do not divide come with the later units, so
    that all units together are the line's worth to the unit, in however many parts they come back.
    """
    return worth * (first + count) // quantity - worth * first // quantity


def share_step(whole: int, total: int, before: int, after: int) -> int:
    """The part of `whole` that belongs to the stretch from `before` to `after` of `total`; parts add up exactly."""
    if total <= 0:
        return 0
    return whole * after // total - whole * before // total


@dataclass(frozen=True, slots=True)
class Source:
    """A captured payment as far as refunds care: what of it is left, and whether it goes first."""

    payment: int
    tender: str
    left: int
    captured_order: int


@dataclass(frozen=True, slots=True)
class Part:
    """So much out of that payment."""

    payment: int
    tender: str
    amount: int


# Points and gift cards are the shop's own promise: they are restored before money leaves the till.
FIRST = {"points": 0, "gift_card": 1, "store_credit": 2}


def take_from(sources: Sequence[Source], amount: int) -> list[Part]:
    """Points and gift cards first, then the latest capture first. Takes no more than there is."""
    parts: list[Part] = []
    ordered = sorted(sources, key=lambda s: (FIRST.get(s.tender, 9), -s.captured_order))
    for source in ordered:
        piece = min(source.left, amount)
        if piece > 0:
            parts.append(Part(source.payment, source.tender, piece))
            amount -= piece
    return parts
