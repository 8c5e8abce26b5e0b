"""What a member has, and why: balances, lots and the statement. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from loyalty.models import Account, Lot
from omni.core.db import fetch_all


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of all programmes over a member's source records."""

    available: int
    pending: int
    held: int


@dataclass(frozen=True, slots=True)
class LotLeft:
    """Points that end together."""

    points: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a statement: signed changes, and the available points before and after it."""

    id: int
    made_at: datetime
    reason: str
    order: str
    note: str
    points: int
    pending: int
    held: int
    before: int
    after: int

    @property
    def words(self) -> str:
        """What happened, in the reader's language."""
        told = str(_WORDS[self.reason]) % {"points": abs(self.points or self.pending or self.held), "order": self.order}
        # What colleagues typed, or the reward's code; other notes are for the books.
        return f"{told} ({self.note})" if self.note and self.reason in {"adjust", "redeem"} else told


_WORDS = {
    "earn": _("%(points)d points earned by order %(order)s, not yet spendable"),
    "release": _("%(points)d points of order %(order)s became spendable"),
    "hold": _("%(points)d points set aside for order %(order)s"),
    "capture": _("%(points)d points spent on order %(order)s"),
    "unhold": _("%(points)d points came back from order %(order)s"),
    "clawback": _("%(points)d points taken back: goods of order %(order)s were returned"),
    "give_back": _("%(points)d points given back: goods of order %(order)s were returned"),
    "redeem": _("%(points)d points redeemed"),
    "expire": _("%(points)d points expired"),
    "adjust": _("%(points)d points adjusted by a colleague"),
    "load": _("%(points)d points loaded"),
    "reverse": _("%(points)d points: a correction of an earlier entry"),
}


def balance_of(source_records: Collection[int], *, now: datetime | None = None) -> Balance:
    """What these source records have together. With `now`, points whose time has come count as gone already,
    although the sweep has not posted it yet."""
    found = (
        Account.objects.filter(source_record__in=list(source_records), unit="points")
        .values_list("kind")
        .annotate(total=Sum("balance"))
        .order_by()
    )
    totals = {kind: int(total) for kind, total in found}
    ended = _ended(source_records, now) if now is not None else 0
    return Balance(totals.get("available", 0) - ended, totals.get("pending", 0), totals.get("held", 0))


def lots_of(source_records: Collection[int], *, now: datetime) -> list[LotLeft]:
    """What is left to spend, by when it ends, first-ending first; lots of one end are added up."""
    rows = (
        Lot.objects.filter(account__source_record__in=list(source_records), account__unit="points", remaining__gt=0)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .values_list("expires_at")
        .annotate(points=Sum("remaining"))
        .order_by()
    )
    found = [LotLeft(int(points), ends) for ends, points in rows]
    return sorted(found, key=lambda lot: (lot.expires_at is None, lot.expires_at.timestamp() if lot.expires_at else 0))


_STATEMENT = """
WITH mine AS (
  SELECT id, kind FROM loyalty_account
  WHERE source_record_id = ANY(%(records)s) AND unit = 'points'),
moves AS (
  SELECT e.id, m.kind, -e.amount AS amount FROM loyalty_entry e JOIN mine m ON m.id = e.from_account_id
  UNION ALL
  SELECT e.id, m.kind, e.amount FROM loyalty_entry e JOIN mine m ON m.id = e.to_account_id),
changes AS (
  SELECT id,
    COALESCE(sum(amount) FILTER (WHERE kind = 'available'), 0) AS points,
    COALESCE(sum(amount) FILTER (WHERE kind = 'pending'), 0) AS pending,
    COALESCE(sum(amount) FILTER (WHERE kind = 'held'), 0) AS held
  FROM moves GROUP BY id),
run AS (SELECT *, sum(points) OVER (ORDER BY id) AS after FROM changes)
SELECT e.id, e.made_at, e.reason, e."order", e.note, r.points, r.pending, r.held, r.after - r.points, r.after
FROM run r JOIN loyalty_entry e ON e.id = r.id
WHERE (%(before)s::bigint IS NULL OR e.id < %(before)s)
  AND (%(before_at)s::timestamptz IS NULL OR e.made_at < %(before_at)s)
ORDER BY e.id DESC LIMIT %(limit)s
"""


def statement(
    source_records: Collection[int],
    *,
    before: int | None = None,
    before_at: datetime | None = None,
    limit: int = 50,
) -> Sequence[Line]:
    """Why a member has what they have: their entries, newest first, each with the available points before and
    after it. Only entries older than the id `before` and the time `before_at`, where told."""
    rows = fetch_all(
        _STATEMENT,
        {"records": list(source_records), "before": before, "before_at": before_at, "limit": limit},
    )
    return [Line(*row[:5], *(int(number) for number in row[5:])) for row in rows]


def _ended(source_records: Collection[int], now: datetime) -> int:
    lots = Lot.objects.filter(
        account__source_record__in=list(source_records), account__unit="points", remaining__gt=0, expires_at__lte=now
    )
    return int(lots.aggregate(total=Sum("remaining"))["total"] or 0)
