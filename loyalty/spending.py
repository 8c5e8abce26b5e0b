"""Points that pay for an order: held when it is placed, spent when it is fulfilled, released when it is not.

A hold says which lots it took. What comes back goes to the lots it came from, last-expiring first, also while the
rest stays spent. A lot that has ended in the meantime is not brought back to life: its points come back as a new
lot that lives for `rules.GRACE` from that day.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from loyalty.ledger import lots
from loyalty.ledger.accounts import Book, lock_accounts, open_book
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Allocation, Entry, Hold, Lot, Programme
from loyalty.programmes import BadPoints, PointsShort, required
from loyalty.rules import GRACE, Part, skip, take
from omni.core.db import lock, write
from omni.core.errors import Conflict


class HoldEnded(Conflict):
    code = "hold_ended"
    message = _("The points of this order are no longer held.")


class OverGiveBack(Conflict):
    """`details.left`: how many of the order's points can still come back."""

    code = "over_give_back"
    message = _("More points would come back than the order took.")


def value_of(points: int, currency: str) -> int:
    """What points pay, minor units; 0 without a programme or in another currency than its own."""
    programme = Programme.objects.filter(active=True).first()
    return points * programme.point_value if programme is not None and programme.currency == currency else 0


def hold(*, source_records: Collection[int], order: str, points: int, by: str, now: datetime) -> Hold:
    """Set points of a member aside for an order, first-expiring first over all their source records.

    Once for an order: a repeat returns the first hold. Raises BadPoints, NoProgramme and PointsShort, and then
    nothing is taken. Locks the points accounts of these records, ascending.
    """
    if points <= 0:
        raise BadPoints(param="points")
    with write():
        first = Hold.objects.filter(order=order).first()
        if first is not None:
            return first
        programme = required(now)
        book = open_book(programme=programme, source_records=source_records)
        parts = take_available(book, points, now)
        first = Hold.objects.filter(order=order).first()
        if first is not None:
            return first
        amounts = lots.per_account(parts)
        posted = post(
            transfers=[
                Transfer(account, book.beside(account, "held"), amount, Entry.Reason.HOLD, ("order", order), by, order)
                for account, amount in amounts.items()
            ],
            now=now,
        )
        entries = dict(zip(amounts, (entry.entry for entry in posted), strict=True))
        lots.allot([lots.Allotment(entries[part.account], part.lot, part.amount) for part in parts])
        return Hold.objects.create(
            programme=programme, order=order, points=points, value=points * programme.point_value, made_at=now
        )


def capture(*, order: str, now: datetime, by: str) -> Hold | None:
    """The held points are spent: the order was fulfilled. None where nothing was held; a repeat does nothing.

    Raises HoldEnded after a release. Locks the hold, then the accounts.
    """
    with write():
        held = _lock_hold(order)
        if held is None or held.state == Hold.State.CAPTURED:
            return held
        if held.state == Hold.State.RELEASED:
            raise HoldEnded
        book, outstanding = _outstanding(held)
        post(
            transfers=[
                Transfer(
                    book.beside(account, "held"),
                    book.shop("redeemed"),
                    amount,
                    Entry.Reason.CAPTURE,
                    ("order", order),
                    by,
                    order,
                )
                for account, amount in lots.per_account(outstanding).items()
            ],
            now=now,
        )
        return _end(held, Hold.State.CAPTURED, now)


def release(*, order: str, now: datetime, by: str) -> Hold | None:
    """What is still held goes back to its lots: the order came to nothing. None where nothing was held; a repeat
    does nothing. Raises HoldEnded once spent (then `give_back` it). Locks the hold, then the accounts."""
    with write():
        held = _lock_hold(order)
        if held is None or held.state == Hold.State.RELEASED:
            return held
        if held.state == Hold.State.CAPTURED:
            raise HoldEnded
        book, outstanding = _outstanding(held)
        _restore(_Return(held, Entry.Reason.UNHOLD, ("order", order), by), outstanding, book, now)
        return _end(held, Hold.State.RELEASED, now)


def give_back(*, order: str, points: int, source: tuple[str, str], by: str, now: datetime) -> Hold | None:
    """Give a part of an order's points back to the lots they came from, held or already spent.

    Once for a `source` (as ("return", "R-77")). None where the order took none. Raises BadPoints, HoldEnded after
    a release and OverGiveBack. Locks the hold, then the accounts.
    """
    if points <= 0:
        raise BadPoints(param="points")
    with write():
        held = _lock_hold(order)
        if held is None:
            return None
        done = Entry.objects.filter(source_kind=source[0], source=source[1], reason=Entry.Reason.GIVE_BACK, order=order)
        if done.exists():
            return held
        if held.state == Hold.State.RELEASED:
            raise HoldEnded
        if held.given_back + points > held.points:
            raise OverGiveBack(details={"left": held.points - held.given_back})
        book, outstanding = _outstanding(held)
        back = _first(outstanding, points)
        _restore(_Return(held, Entry.Reason.GIVE_BACK, source, by), back, book, now)
        held.given_back += points
        held.save(update_fields=["given_back"])
        return held


def take_available(book: Book, points: int, now: datetime) -> list[Part]:
    """Lock a member's accounts and choose the lots that make up `points`; raises PointsShort.

    What one record owes counts against what the others have: a member has the sum.
    """
    balances = lock_accounts(book.members())
    accounts = book.members("available")
    there = lots.spendable(accounts, now=now)
    debt = sum(-min(balances[account], 0) for account in accounts)
    available = sum(lot.amount for lot in there) - debt
    if available < points:
        raise PointsShort(details={"requested": points, "available": max(available, 0)})
    return take(there, points)


def _lock_hold(order: str) -> Hold | None:
    return next(iter(lock(Hold.objects.filter(order=order))), None)


def _end(held: Hold, state: Hold.State, now: datetime) -> Hold:
    held.state = state
    held.ended_at = now
    held.save(update_fields=["state", "ended_at"])
    return held


def _outstanding(held: Hold) -> tuple[Book, list[Part]]:
    """The lots that a hold took and has not given back, in the order in which they come back; accounts locked."""
    taken = (
        Allocation.objects.filter(entry__order=held.order, entry__reason=Entry.Reason.HOLD)
        .order_by("-pk")
        .values_list("lot_id", "lot__account_id", "amount", "lot__account__source_record_id")
    )
    rows = list(taken)
    records = {record for *_rest, record in rows if record is not None}
    book = open_book(programme=held.programme, source_records=records)
    lock_accounts(book.members())
    parts = [Part(lot, account, amount) for lot, account, amount, _record in rows]
    return book, skip(parts, held.given_back)


def _first(parts: Sequence[Part], amount: int) -> list[Part]:
    taken = []
    for part in parts:
        if amount <= 0:
            break
        taken.append(Part(part.lot, part.account, min(part.amount, amount)))
        amount -= taken[-1].amount
    return taken


@dataclass(frozen=True, slots=True)
class _Return:
    """Why and for which hold points come back."""

    held: Hold
    reason: Entry.Reason
    source: tuple[str, str]
    by: str


def _restore(back: _Return, parts: Sequence[Part], book: Book, now: datetime) -> None:
    """Bring parts back to their accounts and lots; what an account owes is paid first and stays out of its lots."""
    amounts = lots.per_account(parts)
    balances = lock_accounts(list(amounts))
    spent = back.held.state == Hold.State.CAPTURED
    posted = post(
        transfers=[
            Transfer(
                book.shop("redeemed") if spent else book.beside(account, "held"),
                account,
                amount,
                back.reason,
                back.source,
                back.by,
                back.held.order,
            )
            for account, amount in amounts.items()
        ],
        now=now,
    )
    ends = dict(Lot.objects.filter(pk__in=[part.lot for part in parts]).values_list("pk", "expires_at"))
    for account, entry in zip(amounts, posted, strict=True):
        own = skip([part for part in parts if part.account == account], max(-balances[account], 0))
        alive = [part for part in own if _lives(ends[part.lot], now)]
        late = sum(part.amount for part in own) - sum(part.amount for part in alive)
        lots.allot([lots.Allotment(entry.entry, part.lot, -part.amount) for part in alive])
        if late:
            lots.arrive([lots.Arrival(account, entry.entry, late, now + GRACE)], now=now)


def _lives(ends: datetime | None, now: datetime) -> bool:
    return ends is None or ends > now
