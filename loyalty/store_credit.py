"""Store credit: money of a member that the shop owes them, spent like a tender over all their source records."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from loyalty.gift_cards import BadAmount, OverRefund
from loyalty.ledger.accounts import lock_accounts, shop_account, store_credit_account
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Account, Entry
from omni.core.db import write
from omni.core.errors import Conflict


class StoreCreditShort(Conflict):
    """`details`: `requested` and `available`."""

    code = "store_credit_short"
    message = _("There is not enough store credit.")


@dataclass(frozen=True, slots=True)
class Spent:
    """What was taken, minor units, by account."""

    amount: int
    accounts: tuple[int, ...]


def balance_of_credit(source_records: Collection[int], currency: str) -> int:
    """The store credit of a member in a currency, minor units."""
    found = Account.objects.filter(kind="store_credit", unit=currency, source_record__in=list(source_records))
    return int(found.aggregate(total=Sum("balance"))["total"] or 0)


def credit(
    *, source_record: int, amount: int, currency: str, source: tuple[str, str], by: str, now: datetime, order: str = ""
) -> int:
    """Give a member store credit, once for a `source` (as ("return", "R-77")); returns what that source gave.
    Raises BadAmount."""
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        loaded = Transfer(
            shop_account(kind="issued", currency=currency),
            store_credit_account(source_record=source_record, currency=currency),
            amount,
            Entry.Reason.LOAD,
            source,
            by,
            order,
        )
        return post(transfers=[loaded], now=now)[0].amount


def spend(
    *,
    source_records: Collection[int],
    amount: int,
    currency: str,
    order: str,
    by: str,
    now: datetime,
    payment: str = "",
) -> Spent:
    """Pay for an order from store credit, oldest account first.

    Once for a `payment` (its number), or for the order where none is told. Raises BadAmount and StoreCreditShort,
    and then nothing is taken. Locks the member's store credit accounts.
    """
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        found = Account.objects.filter(kind="store_credit", unit=currency, source_record__in=list(source_records))
        there = lock_accounts(list(found.values_list("pk", flat=True)))
        source = ("payment", payment) if payment else ("order", order)
        before = Entry.objects.filter(
            from_account__in=list(there), reason=Entry.Reason.CAPTURE, source_kind=source[0], source=source[1]
        )
        if rows := list(before.values_list("amount", "from_account_id")):
            return Spent(sum(taken for taken, _account in rows), tuple(account for _taken, account in rows))
        if sum(there.values()) < amount:
            raise StoreCreditShort(details={"requested": amount, "available": sum(there.values())})
        redeemed = shop_account(kind="redeemed", currency=currency)
        transfers, rest = [], amount
        for account, has in there.items():
            taken = min(has, rest)
            rest -= taken
            if taken:
                transfers.append(Transfer(account, redeemed, taken, Entry.Reason.CAPTURE, source, by, order))
        post(transfers=transfers, now=now)
        return Spent(amount, tuple(transfer.from_account for transfer in transfers))


def refund(*, order: str, amount: int, currency: str, source: tuple[str, str], by: str, now: datetime) -> int:
    """Bring store credit that paid for an order back to the accounts it came from; returns what came back.

    Once for a `source`. Raises BadAmount and OverRefund. Locks the accounts.
    """
    if amount <= 0:
        raise BadAmount(param="amount")
    with write():
        paid = Entry.objects.filter(order=order, reason=Entry.Reason.CAPTURE, from_account__kind="store_credit")
        paid = paid.filter(from_account__unit=currency)
        accounts = lock_accounts(list(paid.values_list("from_account_id", flat=True)))
        given = Entry.objects.filter(order=order, reason=Entry.Reason.GIVE_BACK, to_account__in=list(accounts))
        before = given.filter(source_kind=source[0], source=source[1]).aggregate(total=Sum("amount"))["total"]
        if before is not None:
            return int(before)
        left = {
            account: int(paid.filter(from_account=account).aggregate(total=Sum("amount"))["total"] or 0)
            - int(given.filter(to_account=account).aggregate(total=Sum("amount"))["total"] or 0)
            for account in accounts
        }
        if amount > sum(left.values()):
            raise OverRefund(details={"left": sum(left.values())})
        redeemed = shop_account(kind="redeemed", currency=currency)
        transfers, rest = [], amount
        for account, most in left.items():
            back = min(most, rest)
            rest -= back
            if back:
                transfers.append(Transfer(redeemed, account, back, Entry.Reason.GIVE_BACK, source, by, order))
        post(transfers=transfers, now=now)
        return amount
