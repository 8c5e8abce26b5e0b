"""What an order does to points: earned, waiting, spendable, held, spent, taken back, given back."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.balances import Balance, balance_of, lots_of
from loyalty.earning import BadBasis, accrue, claw_back, points_for, release_due
from loyalty.models import Accrual, ClawBack, Entry, Hold, Lot
from loyalty.programmes import BadPoints, NoProgramme, PointsShort
from loyalty.spending import HoldEnded, OverGiveBack, capture, give_back, hold, release, value_of
from tests.factories.loyalty import ProgrammeFactory, TierFactory, give_points, make_member
from tests.loyalty.helpers import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return ProgrammeFactory()


@pytest.fixture
def alice(programme):
    return make_member("Alice")[1]


def earn(record, basis, now, order="W-1", **fields):
    return accrue(source_record=record, order=order, basis=basis, currency="VND", now=now, **fields)


def test_an_order_earns_whole_points_that_wait(alice, now):
    assert earn(alice[0], 250_999, now) == 250
    assert balance_of(alice) == Balance(available=0, pending=250, held=0)


def test_an_order_earns_once_and_a_repeat_gets_the_first_answer(alice, now):
    earn(alice[0], 250_000, now)
    assert earn(alice[0], 990_000, now) == 250
    assert balance_of(alice).pending == 250


def test_a_quote_promises_what_the_order_earns(alice, now):
    assert points_for(customer_id=None, basis=99_999, currency="VND", now=now) == 99
    assert earn(alice[0], 99_999, now) == 99


def test_another_currency_earns_nothing(alice, now):
    assert accrue(source_record=alice[0], order="W-1", basis=5_000, currency="USD", now=now) == 0
    assert points_for(customer_id=None, basis=5_000, currency="USD", now=now) == 0
    assert value_of(10, "USD") == 0
    assert not Accrual.objects.exists()


def test_a_basis_below_zero_is_refused(alice, now):
    with refused(BadBasis):
        earn(alice[0], -1, now)
    assert not Entry.objects.exists()


def test_without_a_programme_nothing_is_earned_and_nothing_held(now):
    record = make_member()[1][0]
    assert earn(record, 100_000, now) == 0
    assert points_for(customer_id=None, basis=100_000, currency="VND", now=now) == 0
    assert value_of(10, "VND") == 0
    assert release_due(now=now) == 0
    assert claw_back(order="W-1", returned_basis=10, return_number="R-1", by="staff:bob", now=now) == 0
    assert capture(order="W-1", now=now, by="x") is None
    assert release(order="W-1", now=now, by="x") is None
    assert give_back(order="W-1", points=1, source=("return", "R-1"), by="x", now=now) is None
    with refused(NoProgramme):
        hold(source_records=[record], order="W-1", points=1, by="x", now=now)


def test_a_tier_multiplies_what_is_earned(programme, now):
    customer, records = make_member()
    gold = TierFactory(programme=programme, code="gold", threshold=0, earn_rate=12_500)
    gold.membertier_set.create(customer=customer, since=now, reviewed_at=now)
    assert points_for(customer_id=customer.pk, basis=10_000, currency="VND", now=now) == 12
    assert earn(records[0], 10_000, now) == 12


def test_points_become_spendable_when_the_return_window_closes(alice, now):
    earn(alice[0], 100_000, now)
    assert release_due(now=now + timedelta(days=29)) == 0
    later = now + timedelta(days=30)
    assert release_due(now=later) == 1
    assert release_due(now=later) == 0
    assert balance_of(alice) == Balance(100, 0, 0)


def test_spendable_points_end_with_the_month_in_the_programmes_time_zone(alice, now):
    earn(alice[0], 100_000, now, pending_days=0)
    release_due(now=now)
    [lot] = lots_of(alice, now=now)
    assert lot.points == 100
    # 1 July 2027, midnight in Ho Chi Minh City.
    assert lot.expires_at == datetime(2027, 6, 30, 17, tzinfo=UTC)


def test_held_points_are_spent_when_the_order_is_fulfilled(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    held = hold(source_records=alice, order="W-2", points=60, by="key:till", now=now)
    assert held.value == 6_000
    assert balance_of(alice) == Balance(40, 0, 60)
    capture(order="W-2", now=now, by="key:till")
    capture(order="W-2", now=now, by="key:till")
    assert balance_of(alice) == Balance(40, 0, 0)
    with refused(HoldEnded):
        release(order="W-2", now=now, by="key:till")


def test_released_points_go_back_to_their_lots(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    before = list(Lot.objects.values("id", "remaining"))
    hold(source_records=alice, order="W-2", points=60, by="x", now=now)
    release(order="W-2", now=now, by="x")
    release(order="W-2", now=now, by="x")
    assert list(Lot.objects.values("id", "remaining")) == before
    assert balance_of(alice) == Balance(100, 0, 0)
    with refused(HoldEnded):
        capture(order="W-2", now=now, by="x")


def test_too_many_points_are_refused_and_nothing_is_taken(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    with refused(PointsShort) as refusal:
        hold(source_records=alice, order="W-2", points=101, by="x", now=now)
    assert refusal.value.details == {"requested": 101, "available": 100}
    assert balance_of(alice) == Balance(100, 0, 0)
    assert not Hold.objects.exists()


@pytest.mark.parametrize("points", [0, -5])
def test_points_that_are_no_points_are_refused(alice, now, points):
    with refused(BadPoints):
        hold(source_records=alice, order="W-2", points=points, by="x", now=now)


def test_a_repeated_hold_is_the_first_one(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    first = hold(source_records=alice, order="W-2", points=60, by="x", now=now)
    assert hold(source_records=alice, order="W-2", points=60, by="x", now=now) == first
    assert balance_of(alice) == Balance(40, 0, 60)


def test_the_first_to_end_is_spent_first_over_all_records(programme, now):
    _customer, (first, second) = make_member(records=2)
    give_points(first, 100, order="W-1", now=now)
    give_points(second, 100, order="W-2", now=now - timedelta(days=90))
    hold(source_records=[first, second], order="W-3", points=130, by="x", now=now)
    left = dict(Lot.objects.values_list("account__source_record", "remaining"))
    assert left == {first: 70, second: 0}
    assert balance_of([second]) == Balance(0, 0, 100)


def test_partial_returns_take_back_exactly_all(alice, now):
    earn(alice[0], 10_000, now)
    taken = [claw_back(order="W-1", returned_basis=3_333, return_number=f"R-{n}", by="x", now=now) for n in range(3)]
    assert taken == [3, 4, 3]
    assert claw_back(order="W-1", returned_basis=1, return_number="R-3", by="x", now=now) == 0
    assert balance_of(alice) == Balance(0, 0, 0)
    assert release_due(now=now + timedelta(days=31)) == 1
    assert balance_of(alice) == Balance(0, 0, 0)


def test_a_repeated_return_takes_back_once(alice, now):
    earn(alice[0], 100_000, now)
    assert claw_back(order="W-1", returned_basis=50_000, return_number="R-1", by="x", now=now) == 50
    assert claw_back(order="W-1", returned_basis=50_000, return_number="R-1", by="x", now=now) == 50
    assert balance_of(alice).pending == 50


def test_a_late_return_takes_from_the_orders_own_points_first(alice, now):
    give_points(alice[0], 100, order="W-1", now=now - timedelta(days=90))
    give_points(alice[0], 100, order="W-2", now=now)
    assert claw_back(order="W-2", returned_basis=100_000, return_number="R-1", by="x", now=now) == 100
    assert dict(Lot.objects.values_list("entry__order", "remaining")) == {"W-1": 100, "W-2": 0}


def test_what_was_spent_already_is_let_go_and_said(alice, now):
    give_points(alice[0], 100, order="W-1", now=now)
    hold(source_records=alice, order="W-2", points=80, by="x", now=now)
    assert claw_back(order="W-1", returned_basis=100_000, return_number="R-1", by="x", now=now) == 20
    assert ClawBack.objects.values_list("due", "taken").get() == (100, 20)
    assert Entry.objects.get(reason="clawback").note == "80 of 100 were no longer there"
    assert balance_of(alice) == Balance(0, 0, 80)


def test_a_programme_may_let_a_balance_go_below_zero_and_new_points_pay_it_first(now):
    ProgrammeFactory(may_go_negative=True)
    records = make_member()[1]
    give_points(records[0], 100, order="W-1", now=now)
    hold(source_records=records, order="W-2", points=80, by="x", now=now)
    assert claw_back(order="W-1", returned_basis=100_000, return_number="R-1", by="x", now=now) == 100
    assert balance_of(records) == Balance(-80, 0, 80)
    give_points(records[0], 100, order="W-3", now=now)
    assert balance_of(records) == Balance(20, 0, 80)
    assert [lot.points for lot in lots_of(records, now=now)] == [20]
    with refused(PointsShort):
        hold(source_records=records, order="W-4", points=21, by="x", now=now)
    release(order="W-2", now=now, by="x")
    assert balance_of(records) == Balance(100, 0, 0)


def test_points_given_back_go_to_the_lots_they_came_from(alice, now):
    give_points(alice[0], 50, order="W-1", now=now - timedelta(days=90))
    give_points(alice[0], 50, order="W-2", now=now)
    hold(source_records=alice, order="W-3", points=70, by="x", now=now)
    capture(order="W-3", now=now, by="x")
    give_back(order="W-3", points=30, source=("return", "R-1"), by="x", now=now)
    give_back(order="W-3", points=30, source=("return", "R-1"), by="x", now=now)
    assert dict(Lot.objects.values_list("entry__order", "remaining")) == {"W-1": 10, "W-2": 50}
    with refused(OverGiveBack):
        give_back(order="W-3", points=41, source=("return", "R-2"), by="x", now=now)
    give_back(order="W-3", points=40, source=("return", "R-3"), by="x", now=now)
    assert balance_of(alice) == Balance(100, 0, 0)


def test_points_of_an_ended_lot_come_back_for_thirty_days(alice, now):
    give_points(alice[0], 50, order="W-1", now=now)
    hold(source_records=alice, order="W-2", points=50, by="x", now=now)
    capture(order="W-2", now=now, by="x")
    later = now + timedelta(days=400)
    give_back(order="W-2", points=20, source=("return", "R-1"), by="x", now=later)
    assert [(lot.points, lot.expires_at) for lot in lots_of(alice, now=later)] == [(20, later + timedelta(days=30))]


def test_a_part_of_a_hold_comes_back_before_the_rest_is_spent(alice, now):
    give_points(alice[0], 50, order="W-1", now=now)
    hold(source_records=alice, order="W-2", points=50, by="x", now=now)
    give_back(order="W-2", points=20, source=("cancel", "C-1"), by="x", now=now)
    assert balance_of(alice) == Balance(20, 0, 30)
    capture(order="W-2", now=now, by="x")
    assert balance_of(alice) == Balance(20, 0, 0)


def test_a_member_has_the_sum_of_their_records_so_a_merge_moves_nothing(programme, now):
    _, (first,) = make_member("Alice")
    _, (second,) = make_member("Alice")
    give_points(first, 10, order="W-1", now=now)
    give_points(second, 5, order="W-2", now=now)
    entries = Entry.objects.count()
    assert balance_of([first, second]) == Balance(15, 0, 0)
    hold(source_records=[first, second], order="W-3", points=12, by="x", now=now)
    capture(order="W-3", now=now, by="x")
    assert balance_of([first]).available + balance_of([second]).available == 3
    assert Entry.objects.count() == entries + 4
