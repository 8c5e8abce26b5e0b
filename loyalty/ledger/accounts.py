"""Find or make the accounts that a posting needs, and lock them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from loyalty.models import Account, Programme
from omni.core.db import assert_in_transaction, fetch_all

MEMBER_KINDS = ("pending", "available", "held")
SHOP_KINDS = ("issued", "redeemed", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class Book:
    """The ids of a programme's accounts and of some members' accounts in it, by (source record or None, kind)."""

    ids: Mapping[tuple[int | None, str], int]

    def of(self, source_record: int, kind: str) -> int:
        return self.ids[(source_record, kind)]

    def shop(self, kind: str) -> int:
        return self.ids[(None, kind)]

    def beside(self, account: int, kind: str) -> int:
        """The account of another kind of the member whose account this is."""
        return next(self.ids[(record, kind)] for (record, _kind), number in self.ids.items() if number == account)

    def members(self, *kinds: str) -> list[int]:
        """The members' accounts of these kinds (all if none is named), ascending."""
        return sorted(
            number for (record, kind), number in self.ids.items() if record is not None and (not kinds or kind in kinds)
        )


def open_book(*, programme: Programme, source_records: Collection[int], make: bool = True) -> Book:
    """The points accounts of these source records and of the programme; missing ones are made if `make`."""
    records = sorted(set(source_records))
    ids = _points_accounts(programme, records)
    wanted: set[tuple[int | None, str]] = {(None, kind) for kind in SHOP_KINDS}
    if make:
        wanted |= {(record, kind) for record in records for kind in MEMBER_KINDS}
    missing = wanted - ids.keys()
    if missing:
        _make(
            Account(
                kind=kind,
                unit="points",
                programme=programme,
                source_record_id=record,
                may_be_negative=record is None or (kind == "available" and programme.may_go_negative),
            )
            for record, kind in sorted(missing, key=lambda place: (place[0] or 0, place[1]))
        )
        ids = _points_accounts(programme, records)
    return Book(ids)


def shop_account(*, kind: str, currency: str) -> int:
    """The shop's own account of a kind in a currency, for gift cards and store credit; made if missing."""
    found = Account.objects.filter(kind=kind, unit=currency, programme=None, source_record=None)
    number = found.values_list("pk", flat=True).first()
    if number is None:
        _make([Account(kind=kind, unit=currency, may_be_negative=True)])
        number = found.values_list("pk", flat=True)[0]
    return number


def store_credit_account(*, source_record: int, currency: str) -> int:
    """A member's store credit in a currency; made if missing."""
    found = Account.objects.filter(kind="store_credit", unit=currency, source_record=source_record)
    number = found.values_list("pk", flat=True).first()
    if number is None:
        _make([Account(kind="store_credit", unit=currency, source_record_id=source_record)])
        number = found.values_list("pk", flat=True)[0]
    return number


def lock_accounts(ids: Collection[int]) -> dict[int, int]:
    """Lock accounts FOR NO KEY UPDATE, ascending; returns what is on each. What is read after this stays true."""
    assert_in_transaction()
    return dict(
        fetch_all(
            "SELECT id, balance FROM loyalty_account WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(ids)]
        )
    )


def _points_accounts(programme: Programme, records: list[int]) -> dict[tuple[int | None, str], int]:
    found = Account.objects.filter(
        Q(source_record__in=records, programme=programme) | Q(source_record=None, programme=programme)
    )
    return {(record, kind): number for number, kind, record in found.values_list("pk", "kind", "source_record_id")}


def _make(accounts: Iterable[Account]) -> None:
    # Somebody else may make the same one at the same moment: theirs is as good.
    Account.objects.bulk_create(list(accounts), ignore_conflicts=True)
