"""Many at once, with real threads and connections: never more than there is, and once means once."""

from datetime import timedelta
from itertools import count

import pytest

from loyalty import spending
from loyalty.balances import Balance, balance_of
from loyalty.earning import accrue, claw_back, release_due
from loyalty.expiry import expire_lots
from loyalty.gift_cards import GiftCardShort, balance, issue, spend, tell_number
from loyalty.ledger import accounts
from loyalty.models import Entry, Hold
from loyalty.programmes import PointsShort
from loyalty.spending import hold
from tests.factories.loyalty import ProgrammeFactory, give_points, make_member
from tests.loyalty.helpers import at_once, books_are_right

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 40


@pytest.fixture
def alice():
    ProgrammeFactory()
    return make_member("Alice", records=2)[1]


def test_many_orders_at_once_never_hold_more_points_than_there_are(alice, now):
    give_points(alice[0], 70, order="W-1", now=now)
    give_points(alice[1], 35, order="W-2", now=now)

    answers = at_once(TRIES, lambda n: hold(source_records=alice, order=f"X-{n}", points=10, by="x", now=now))

    assert sum(isinstance(answer, Hold) for answer in answers) == 10
    assert sum(isinstance(answer, PointsShort) for answer in answers) == TRIES - 10
    assert balance_of(alice) == Balance(5, 0, 100)
    books_are_right()


def test_without_the_lock_the_same_race_goes_wrong(alice, now, monkeypatch):
    """The guard is what the test above tests: without it, holds collide and only the database's own refusals
    (a lot below zero, a balance below zero) stand between the members and their points."""
    give_points(alice[0], 100, order="W-1", now=now)

    def look_only(ids):
        return dict(accounts.fetch_all("SELECT id, balance FROM loyalty_account WHERE id = ANY(%s)", [list(ids)]))

    monkeypatch.setattr(spending, "lock_accounts", look_only)
    turns = count()

    def try_to_hold(number):
        next(turns)
        try:
            return hold(source_records=alice, order=f"X-{number}", points=10, by="x", now=now)
        except spending.PointsShort:
            return None
        except Exception as error:
            return error

    answers = at_once(TRIES, try_to_hold)

    assert any(isinstance(answer, Exception) for answer in answers)


def test_one_order_at_once_is_held_once(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    answers = at_once(12, lambda n: hold(source_records=alice, order="X-1", points=10, by="x", now=now))
    assert {answer.pk for answer in answers} == {Hold.objects.get().pk}
    assert balance_of(alice) == Balance(90, 0, 10)


def test_one_order_at_once_earns_once(alice, now):
    answers = at_once(12, lambda n: accrue(source_record=alice[0], order="W-1", basis=50_000, currency="VND", now=now))
    assert answers == [50] * 12
    assert balance_of(alice) == Balance(0, 50, 0)


def test_releasing_and_expiring_at_once_happen_once(alice, now):
    for number in range(30):
        accrue(
            source_record=alice[number % 2], order=f"W-{number}", basis=10_000, currency="VND", now=now, pending_days=0
        )
    answers = at_once(8, lambda n: release_due(now=now))
    # What one run had locked another leaves to it.
    release_due(now=now)
    assert sum(answers) <= 30
    assert balance_of(alice) == Balance(300, 0, 0)
    later = now + timedelta(days=400)
    at_once(8, lambda n: expire_lots(now=later))
    expire_lots(now=later)
    assert balance_of(alice) == Balance(0, 0, 0)
    assert sum(Entry.objects.filter(reason="expire").values_list("amount", flat=True)) == 300
    books_are_right()


def test_returns_and_orders_at_once_leave_the_books_right(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)

    def act(number):
        if number % 2:
            return claw_back(order="W-1", returned_basis=10_000, return_number=f"R-{number % 10}", by="x", now=now)
        return hold(source_records=alice, order=f"X-{number}", points=10, by="x", now=now)

    at_once(20, act)

    books_are_right()
    assert balance_of(alice).available >= 0


def test_many_tries_with_one_gift_card_never_overspend_it(now):
    card = issue(amount=100_000, currency="VND", by="key:till", now=now)
    number = tell_number(gift_card_id=card.pk, now=now)

    answers = at_once(TRIES, lambda n: spend(number=number, amount=7_000, order=f"X-{n}", by="key:till", now=now))

    assert sum(isinstance(answer, GiftCardShort) for answer in answers) == TRIES - 14
    assert balance(number, now=now).balance == 2_000
    books_are_right()


def test_a_gift_cards_number_is_told_once_whoever_asks_first(now):
    card = issue(amount=100_000, currency="VND", by="key:till", now=now)
    answers = at_once(12, lambda n: tell_number(gift_card_id=card.pk, now=now))
    [told] = [answer for answer in answers if isinstance(answer, str)]
    assert balance(told, now=now).balance == 100_000
