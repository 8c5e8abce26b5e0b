"""The rules of points, pure: they take values and return values, whole numbers throughout.

Points are rounded down when earned; what a return takes back is the rounded share of all that came back so far
less what was taken before, so partial returns of a whole order take back exactly what it earned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from omni.core.money import share_of

FULL_RATE = 10_000
# How long points live that come back after their lot had ended.
GRACE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left in a lot of an account."""

    lot: int
    account: int
    amount: int
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """An amount out of one lot."""

    lot: int
    account: int
    amount: int


@dataclass(frozen=True, slots=True)
class Level:
    """A tier as the rule sees it: `threshold` in minor units spent in a calendar year."""

    code: str
    threshold: int


def points_for_basis(*, basis: int, earn_points: int, earn_per: int, rate: int = FULL_RATE) -> int:
    """Points earned on `basis` minor units: `earn_points` for each whole `earn_per`, times the tier's rate in
    basis points, rounded down. Nothing on a basis below zero."""
    return max(basis, 0) // earn_per * earn_points * rate // FULL_RATE


def due_back(*, points: int, basis: int, returned: int, taken_before: int) -> int:
    """Points to take back once `returned` of `basis` came back in all; the last return takes what is left."""
    if basis <= 0:
        return 0
    return share_of(points, min(returned, basis), basis) - taken_before


def take(lots: Iterable[Left], amount: int) -> list[Part]:
    """Take `amount` from lots in the order given; fewer where there is not enough."""
    parts = []
    for lot in lots:
        if amount <= 0:
            break
        taken = min(lot.amount, amount)
        parts.append(Part(lot.lot, lot.account, taken))
        amount -= taken
    return parts


def skip(parts: Sequence[Part], amount: int) -> list[Part]:
    """The parts that follow after the first `amount` units."""
    rest = []
    for part in parts:
        skipped = min(part.amount, amount)
        amount -= skipped
        if part.amount > skipped:
            rest.append(Part(part.lot, part.account, part.amount - skipped))
    return rest


def expiry(*, since: datetime, months: int | None, time_zone: str) -> datetime | None:
    """When points that became spendable at `since` end: with the month that is `months` later, local time.

    Points of 17 June that live 12 months can be spent until the end of 30 June a year later.
    """
    if months is None:
        return None
    local = since.astimezone(ZoneInfo(time_zone))
    count = local.year * 12 + local.month - 1 + months + 1
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=ZoneInfo(time_zone))


def year_start(at: datetime, time_zone: str, *, years: int = 0) -> datetime:
    """The start of the calendar year of `at` in a time zone, some years on."""
    zone = ZoneInfo(time_zone)
    return datetime(at.astimezone(zone).year + years, 1, 1, tzinfo=zone)


def level_reached(levels: Sequence[Level], spent: int) -> Level | None:
    """The highest level that spending reaches, or None where even the lowest asks more."""
    return max((level for level in levels if spent >= level.threshold), key=lambda level: level.threshold, default=None)


def next_level(levels: Sequence[Level], current: Level | None) -> Level | None:
    """The level above the current one."""
    above = [level for level in levels if current is None or level.threshold > current.threshold]
    return min(above, key=lambda level: level.threshold, default=None)


def level_to_hold(*, current: Level | None, kept: bool, reached: Level | None) -> Level | None:
    """The level to have: what is reached, unless a higher one is still kept from before."""
    if current is None or (reached is not None and reached.threshold >= current.threshold):
        return reached
    return current if kept else reached
