"""What the database itself refuses, whoever asks and however."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from loyalty.ledger.accounts import open_book
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Account, Accrual, Adjustment, Allocation, ClawBack, Entry, Lot, Programme
from loyalty.spending import hold
from tests.factories.loyalty import ProgrammeFactory, give_points, make_member
from tests.loyalty.helpers import books_are_right, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(now):
    ProgrammeFactory()
    records = make_member("Alice")[1]
    give_points(records[0], 100, order="W-1", now=now)
    return records


def move(book, record, amount, now, *, source="M-1", reverses=None, back=False):
    there, here = book.shop("issued"), book.of(record, "available")
    transfer = Transfer(
        here if back else there, there if back else here, amount, "adjust", ("test", source), "x", reverses=reverses
    )
    return post(transfers=[transfer], now=now)[0]


def test_no_entry_is_changed_deleted_or_truncated(alice):
    with refused(IntegrityError):
        Entry.objects.update(amount=1)
    with refused(IntegrityError):
        Entry.objects.all().delete()
    for table in ("loyalty_entry", "loyalty_allocation"):
        with refused(IntegrityError), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"TRUNCATE {table} CASCADE")
    assert Entry.objects.count() == 2
    books_are_right()


def test_what_was_taken_of_a_lot_is_not_rewritten(alice, now):
    hold(source_records=alice, order="W-2", points=10, by="x", now=now)
    with refused(IntegrityError):
        Allocation.objects.update(amount=1)


def test_a_balance_is_moved_by_entries_alone(alice):
    with refused(IntegrityError):
        Account.objects.filter(source_record=alice[0]).update(balance=1_000)
    with refused(IntegrityError):
        Account.objects.create(kind="gift_card", unit="VND", balance=5)


def test_an_account_never_moves_to_another_member(alice):
    _bob, (record,) = make_member("Bob")
    with refused(IntegrityError):
        Account.objects.filter(source_record=alice[0], kind="available").update(source_record=record)


def test_no_member_goes_below_zero(alice, now):
    book = open_book(programme=Programme.objects.get(), source_records=alice)
    with refused(IntegrityError):
        move(book, alice[0], 101, now, back=True)
    assert Account.objects.get(pk=book.of(alice[0], "available")).balance == 100


def test_an_entry_moves_something_between_two_accounts_of_one_unit(alice, now):
    book = open_book(programme=Programme.objects.get(), source_records=alice)
    money = Account.objects.create(kind="gift_card", unit="VND")
    with refused(IntegrityError):
        move(book, alice[0], 0, now)
    with refused(IntegrityError):
        post(transfers=[Transfer(book.shop("issued"), money.pk, 5, "adjust", ("test", "1"), "x")], now=now)
    with refused(IntegrityError):
        post(transfers=[Transfer(money.pk, money.pk, 5, "adjust", ("test", "1"), "x")], now=now)


def test_a_repeated_posting_is_the_first_one(alice, now):
    book = open_book(programme=Programme.objects.get(), source_records=alice)
    with transaction.atomic():
        first = move(book, alice[0], 7, now)
        again = move(book, alice[0], 9, now)
    assert (again.entry, again.amount, again.new) == (first.entry, 7, False)
    assert Account.objects.get(pk=book.of(alice[0], "available")).balance == 107


def test_a_reversal_mirrors_its_entry_and_happens_once(alice, now):
    book = open_book(programme=Programme.objects.get(), source_records=alice)
    made = move(book, alice[0], 7, now)
    with refused(IntegrityError):
        move(book, alice[0], 6, now, source="R-1", reverses=made.entry, back=True)
    with refused(IntegrityError):
        move(book, alice[0], 7, now, source="R-1", reverses=made.entry)
    move(book, alice[0], 7, now, source="R-1", reverses=made.entry, back=True)
    with refused(IntegrityError):
        move(book, alice[0], 7, now, source="R-2", reverses=made.entry, back=True)
    assert Account.objects.get(pk=book.of(alice[0], "available")).balance == 100


def test_a_lot_never_has_more_or_less_than_it_holds(alice):
    with refused(IntegrityError):
        Lot.objects.update(remaining=101)
    with refused(IntegrityError):
        Lot.objects.update(remaining=-1)


def test_an_order_earns_once_and_gives_back_no_more_than_it_earned(alice, now):
    accrual = Accrual.objects.get()
    with refused(IntegrityError):
        Accrual.objects.filter(pk=accrual.pk).update(clawed_back=101)
    with refused(IntegrityError):
        Accrual.objects.filter(pk=accrual.pk).update(returned_basis=accrual.basis + 1)
    with refused(IntegrityError):
        ClawBack.objects.create(accrual=accrual, return_number="R-1", basis=1, due=1, taken=2, made_at=now)


def test_nobody_decides_their_own_large_adjustment(alice, now):
    fields = {
        "programme": Programme.objects.get(),
        "source_record_id": alice[0],
        "points": 5_000,
        "needs_second": True,
        "asked_by": "staff:bob",
        "asked_at": now,
    }
    with refused(IntegrityError):
        Adjustment.objects.create(**fields, state="done", decided_by="staff:bob", decided_at=now)
    with refused(IntegrityError):
        Adjustment.objects.create(**fields, state="done", decided_by="staff:carol")
    Adjustment.objects.create(
        **fields, state="refused", decided_by="staff:carol", decided_at=now + timedelta(minutes=1)
    )


def test_one_programme_is_active(alice):
    with refused(IntegrityError):
        ProgrammeFactory(code="other")


def test_a_lot_stays_what_it_was_when_it_came(alice):
    for change in ({"amount": 200, "remaining": 200}, {"account": Account.objects.filter(kind="issued")[0]}):
        with refused(IntegrityError):
            Lot.objects.update(**change)
    with refused(IntegrityError), connection.cursor() as cursor:
        cursor.execute("DELETE FROM loyalty_lot")
    with refused(IntegrityError), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE loyalty_lot CASCADE")
    books_are_right()


def test_only_the_programme_lets_points_go_below_zero(alice):
    own = Account.objects.filter(source_record=alice[0])
    with refused(IntegrityError):
        own.filter(kind="available").update(may_be_negative=True)
    Programme.objects.update(may_go_negative=True)
    own.filter(kind="available").update(may_be_negative=True)
    with refused(IntegrityError):
        own.filter(kind="held").update(may_be_negative=True)


def test_erasure_reaches_the_notes_of_entries_alone(alice):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL omni.erasing = 'on'")
    Entry.objects.update(note="")
    with refused(IntegrityError):
        Entry.objects.update(amount=1)
    with refused(IntegrityError):
        Entry.objects.all().delete()
