"""Points redeemed for a reward, and points that a colleague gives or takes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from loyalty.ledger import lots
from loyalty.ledger.accounts import lock_accounts, open_book
from loyalty.ledger.posting import Transfer, post
from loyalty.members import records_with
from loyalty.models import Adjustment, Entry, Programme, Reward
from loyalty.programmes import BadPoints, required
from loyalty.rules import expiry
from loyalty.spending import take_available
from omni.core.db import lock, write
from omni.core.errors import BadRequest, Conflict, Forbidden, NotFound, Unprocessable


class RewardUnknown(Unprocessable):
    code = "unknown_reward"
    message = _("There is no such reward now.")


class ReasonNeeded(BadRequest):
    code = "reason_needed"
    message = _("Say why the points are given or taken.")


class SecondPersonNeeded(Forbidden):
    code = "second_person_needed"
    message = _("Somebody other than who asked must decide this.")


class AlreadyDecided(Conflict):
    code = "already_decided"
    message = _("This adjustment was decided already.")


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Points that were redeemed, and for what."""

    points: int
    reward: str
    order: str


def redeem(
    *,
    source_records: Collection[int],
    request: str,
    by: str,
    now: datetime,
    points: int | None = None,
    reward: str = "",
    order: str = "",
) -> Redeemed:
    """Redeem points at once, for a reward of the programme (by its code) or a plain number of them.

    Once for a `request` (who asked and their key). Raises NoProgramme, RewardUnknown, BadPoints and PointsShort,
    and then nothing is taken. Locks the points accounts of these records.
    """
    with write():
        programme = required(now)
        if reward:
            points = _price(programme, reward)
        if points is None or points <= 0:
            raise BadPoints(param="points")
        book = open_book(programme=programme, source_records=source_records)
        lock_accounts(book.members())
        before = Entry.objects.filter(source_kind="request", source=request, reason=Entry.Reason.REDEEM)
        if rows := list(before.filter(from_account__in=book.members("available")).values_list("amount", "note")):
            return Redeemed(sum(amount for amount, _note in rows), rows[0][1], order)
        parts = take_available(book, points, now)
        amounts = lots.per_account(parts)
        posted = post(
            transfers=[
                Transfer(
                    account,
                    book.shop("redeemed"),
                    amount,
                    Entry.Reason.REDEEM,
                    ("request", request),
                    by,
                    order,
                    reward,
                )
                for account, amount in amounts.items()
            ],
            now=now,
        )
        entries = dict(zip(amounts, (entry.entry for entry in posted), strict=True))
        lots.allot([lots.Allotment(entries[part.account], part.lot, part.amount) for part in parts])
        return Redeemed(points, reward, order)


def adjust(*, source_record: int, points: int, reason: str, by: str, now: datetime) -> Adjustment:
    """Give (above 0) or take (below 0) points with a reason, as the colleague `by`.

    Above the programme's limit it waits until a second person approves it. Points given can be spent at once and
    end like earned ones. Raises NoProgramme, BadPoints, ReasonNeeded and PointsShort.
    """
    if points == 0:
        raise BadPoints(_("Say how many points, above or below 0."), param="points")
    if not reason.strip():
        raise ReasonNeeded(param="reason")
    with write():
        programme = required(now)
        adjustment = Adjustment.objects.create(
            programme=programme,
            source_record_id=source_record,
            points=points,
            reason=reason.strip(),
            needs_second=abs(points) > programme.adjustment_limit,
            asked_by=by,
            asked_at=now,
        )
        if not adjustment.needs_second:
            _carry_out(adjustment, by, now)
        return adjustment


def approve(*, adjustment_id: int, by: str, now: datetime) -> Adjustment:
    """Carry out an adjustment that waits, as a second person. Raises NotFound, AlreadyDecided, SecondPersonNeeded
    and PointsShort. Locks the adjustment, then the accounts."""
    with write():
        adjustment = _waiting(adjustment_id, by)
        _carry_out(adjustment, by, now)
        return adjustment


def refuse(*, adjustment_id: int, by: str, now: datetime) -> Adjustment:
    """Say no to an adjustment that waits; who asked may also take it back. Raises NotFound and AlreadyDecided."""
    with write():
        adjustment = _waiting(adjustment_id, None)
        return _decide(adjustment, Adjustment.State.REFUSED, by, now)


def _price(programme: Programme, reward: str) -> int:
    points = Reward.objects.filter(programme=programme, code=reward, active=True).values_list("points", flat=True)
    if not points:
        raise RewardUnknown(param="reward")
    return points[0]


def _waiting(adjustment_id: int, by: str | None) -> Adjustment:
    found = lock(Adjustment.objects.select_related("programme").filter(pk=adjustment_id))
    if not found:
        raise NotFound
    if found[0].state != Adjustment.State.WAITING:
        raise AlreadyDecided
    if by is not None and by == found[0].asked_by:
        raise SecondPersonNeeded
    return found[0]


def _decide(adjustment: Adjustment, state: Adjustment.State, by: str, now: datetime) -> Adjustment:
    adjustment.state, adjustment.decided_by, adjustment.decided_at = state, by, now
    adjustment.save(update_fields=["state", "decided_by", "decided_at"])
    return adjustment


def _carry_out(adjustment: Adjustment, by: str, now: datetime) -> None:
    if adjustment.points > 0:
        _give(adjustment, now)
    else:
        _take(adjustment, now)
    _decide(adjustment, Adjustment.State.DONE, by, now)


def _give(adjustment: Adjustment, now: datetime) -> None:
    programme, record = adjustment.programme, adjustment.source_record_id
    book = open_book(programme=programme, source_records=[record])
    account = book.of(record, "available")
    debt = max(-lock_accounts([account])[account], 0)
    given = _transfer(adjustment, book.shop("issued"), account, adjustment.points)
    [entry] = post(transfers=[given], now=now)
    ends = expiry(since=now, months=programme.expiry_months, time_zone=programme.time_zone)
    arrival = lots.Arrival(account, entry.entry, adjustment.points, ends, min(debt, adjustment.points))
    lots.arrive([arrival], now=now)


def _take(adjustment: Adjustment, now: datetime) -> None:
    records = records_with(adjustment.source_record_id)
    book = open_book(programme=adjustment.programme, source_records=records)
    parts = take_available(book, -adjustment.points, now)
    amounts = lots.per_account(parts)
    posted = post(
        transfers=[_transfer(adjustment, account, book.shop("revoked"), amount) for account, amount in amounts.items()],
        now=now,
    )
    entries = dict(zip(amounts, (entry.entry for entry in posted), strict=True))
    lots.allot([lots.Allotment(entries[part.account], part.lot, part.amount) for part in parts])


def _transfer(adjustment: Adjustment, from_account: int, to_account: int, amount: int) -> Transfer:
    return Transfer(
        from_account,
        to_account,
        amount,
        Entry.Reason.ADJUST,
        ("adjustment", str(adjustment.pk)),
        adjustment.asked_by,
        note=adjustment.reason,
    )
