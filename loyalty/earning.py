"""Points that orders earn: pending at first, spendable once the return window closes, taken back with returns.

Inside one transaction `spending.hold` comes before `accrue`: it locks the accounts of all the member's records,
of which `accrue` needs some.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from loyalty.ledger import lots
from loyalty.ledger.accounts import Book, lock_accounts, open_book
from loyalty.ledger.posting import Transfer, post
from loyalty.members import customer_id_of, records_with
from loyalty.models import Account, Accrual, ClawBack, Entry, MemberTier, Programme
from loyalty.programmes import current
from loyalty.rules import FULL_RATE, Part, due_back, expiry, points_for_basis, take
from omni.core.db import execute, fetch_all, lock, write
from omni.core.errors import Unprocessable

BATCH = 1_000


class BadBasis(Unprocessable):
    code = "bad_amount"
    message = _("What points are earned on is a whole amount, 0 or more.")


def points_for(*, customer_id: int | None, basis: int, currency: str, now: datetime) -> int:
    """The points that paying `basis` minor units would earn this customer now; 0 without a programme or in a
    currency that the programme does not count."""
    programme = current(now)
    if programme is None or programme.currency != currency:
        return 0
    return _points(programme, customer_id, basis)


def accrue(
    *,
    source_record: int,
    order: str,
    basis: int,
    currency: str,
    now: datetime,
    pending_days: int | None = None,
    by: str = "loyalty",
) -> int:
    """Write down what an order earned, as pending points; returns them.

    Once for an order: a repeat returns what the first call did. `pending_days` overrides the programme's. 0
    without a programme or in another currency. Locks the member's accounts. Raises BadBasis.
    """
    if basis < 0:
        raise BadBasis
    with write():
        first = Accrual.objects.filter(order=order).values_list("points", flat=True).first()
        if first is not None:
            return first
        programme = current(now)
        if programme is None or programme.currency != currency:
            return 0
        points = _points(programme, customer_id_of(source_record), basis)
        days = programme.pending_days if pending_days is None else pending_days
        # The row goes in first: of two calls at once the second waits here and finds the first one's answer.
        added = fetch_all(
            'INSERT INTO loyalty_accrual (source_record_id, programme_id, "order", basis, returned_basis, points,'
            " clawed_back, made_at, release_at, released_at) VALUES (%s, %s, %s, %s, 0, %s, 0, %s, %s, %s)"
            ' ON CONFLICT (programme_id, "order") DO NOTHING RETURNING points',
            [
                source_record,
                programme.pk,
                order,
                basis,
                points,
                now,
                now + timedelta(days=days),
                None if points else now,
            ],
        )
        if not added:
            return Accrual.objects.values_list("points", flat=True).get(programme=programme, order=order)
        if points:
            book = open_book(programme=programme, source_records=[source_record])
            post(
                transfers=[
                    Transfer(
                        book.shop("issued"),
                        book.of(source_record, "pending"),
                        points,
                        Entry.Reason.EARN,
                        ("order", order),
                        by,
                        order,
                    )
                ],
                now=now,
            )
        return points


_DUE = """
SELECT a.id, a."order", a.points - a.clawed_back, a.release_at, p.id, v.id, v.balance, g.expiry_months, g.time_zone
FROM loyalty_accrual a
JOIN loyalty_programme g ON g.id = a.programme_id
JOIN loyalty_account p
  ON p.programme_id = a.programme_id AND p.source_record_id = a.source_record_id AND p.kind = 'pending'
JOIN loyalty_account v
  ON v.programme_id = a.programme_id AND v.source_record_id = a.source_record_id AND v.kind = 'available'
WHERE a.released_at IS NULL AND a.release_at <= %s AND a.id > %s
ORDER BY a.id LIMIT %s FOR NO KEY UPDATE OF a, p, v SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class _Due:
    """A row of _DUE: an accrual whose time has come, its two accounts locked."""

    accrual: int
    order: str
    points: int
    release_at: datetime
    pending: int
    available: int
    balance: int
    expiry_months: int | None
    time_zone: str


def release_due(*, now: datetime) -> int:
    """Make spendable, as lots with their expiry, the points whose waiting time is over; returns of how many orders.

    May run twice and at the same time: what somebody else has locked is left to them or to the next run, so it
    never waits. Lots expire with the month, counted from when the points were due (rules.expiry).
    """
    after = orders = 0
    while True:
        with write():
            due = [_Due(*row) for row in fetch_all(_DUE, [now, after, BATCH])]
            if not due:
                return orders
            _release(due, now)
        after = due[-1].accrual
        orders += len(due)


def claw_back(*, order: str, returned_basis: int, return_number: str, by: str, now: datetime) -> int:
    """Take back what the returned part of an order had earned; returns the points taken.

    In exact proportion over all returns so far. Pending points are taken from pending; spendable ones from the
    order's own lots, then from the member's others, first-expiring first. Where less is there, the programme
    either lets the balance go below zero or lets the rest go, which the ClawBack row says. Once for a return: a
    repeat returns the first answer. Locks the accrual, then the accounts of all the member's records. Raises
    BadBasis.
    """
    if returned_basis < 0:
        raise BadBasis
    with write():
        accruals = lock(Accrual.objects.filter(order=order))
        if not accruals:
            return 0
        accrual = accruals[0]
        before = ClawBack.objects.filter(accrual=accrual, return_number=return_number).first()
        if before is not None:
            return before.taken
        returned = min(accrual.returned_basis + returned_basis, accrual.basis)
        due = due_back(points=accrual.points, basis=accrual.basis, returned=returned, taken_before=accrual.clawed_back)
        taken = _take_back(accrual, due, return_number, by, now) if due else 0
        ClawBack.objects.create(
            accrual=accrual,
            return_number=return_number,
            basis=returned - accrual.returned_basis,
            due=due,
            taken=taken,
            made_at=now,
        )
        accrual.returned_basis = returned
        accrual.clawed_back += due
        accrual.save(update_fields=["returned_basis", "clawed_back"])
        return taken


def _points(programme: Programme, customer_id: int | None, basis: int) -> int:
    rate = FULL_RATE
    if customer_id is not None:
        tier = MemberTier.objects.filter(customer=customer_id, until=None, tier__programme=programme)
        rate = tier.values_list("tier__earn_rate", flat=True).first() or FULL_RATE
    return points_for_basis(basis=basis, earn_points=programme.earn_points, earn_per=programme.earn_per, rate=rate)


def _release(due: Sequence[_Due], now: datetime) -> None:
    moving = [one for one in due if one.points]
    posted = post(
        transfers=[
            Transfer(
                one.pending, one.available, one.points, Entry.Reason.RELEASE, ("order", one.order), "loyalty", one.order
            )
            for one in moving
        ],
        now=now,
    )
    owed: dict[int, int] = {}
    arrivals = []
    for one, entry in zip(moving, posted, strict=True):
        debt = min(owed.setdefault(one.available, max(-one.balance, 0)), one.points)
        owed[one.available] -= debt
        ends = expiry(since=one.release_at, months=one.expiry_months, time_zone=one.time_zone)
        arrivals.append(lots.Arrival(one.available, entry.entry, one.points, ends, debt))
    lots.arrive(arrivals, now=now)
    execute("UPDATE loyalty_accrual SET released_at = %s WHERE id = ANY(%s)", [now, [one.accrual for one in due]])


def _take_back(accrual: Accrual, due: int, return_number: str, by: str, now: datetime) -> int:
    """Move `due` points of an accrual to the programme's revoked account, as far as they are there."""
    records = records_with(accrual.source_record_id)
    book = open_book(programme=accrual.programme, source_records=records)
    lock_accounts(book.members())
    own = book.of(accrual.source_record_id, "available")
    if accrual.released_at is None:
        amounts, parts, short = {book.of(accrual.source_record_id, "pending"): due}, [], 0
    else:
        parts = _lots_to_take(accrual.order, book, due)
        amounts = lots.per_account(parts)
        short = due - sum(amounts.values())
        if short and accrual.programme.may_go_negative:
            Account.objects.filter(pk=own).update(may_be_negative=True)
            amounts[own] = amounts.get(own, 0) + short
            short = 0
    note = f"{short} of {due} were no longer there" if short else ""
    posted = post(
        transfers=[
            Transfer(
                account,
                book.shop("revoked"),
                amount,
                Entry.Reason.CLAWBACK,
                ("return", return_number),
                by,
                accrual.order,
                note,
            )
            for account, amount in sorted(amounts.items())
        ],
        now=now,
    )
    entries = dict(zip(sorted(amounts), (entry.entry for entry in posted), strict=True))
    lots.allot([lots.Allotment(entries[part.account], part.lot, part.amount) for part in parts])
    return due - short


def _lots_to_take(order: str, book: Book, amount: int) -> list[Part]:
    own = lots.lots_of_order(order)
    there = lots.left(book.members("available"))
    return take(sorted(there, key=lambda lot: lot.lot not in own), amount)
