"""Points that end."""

from datetime import timedelta

import pytest

from loyalty.balances import Balance, balance_of
from loyalty.expiry import expire_lots
from loyalty.models import Entry
from loyalty.programmes import PointsShort
from loyalty.spending import hold, release
from tests.factories.loyalty import ProgrammeFactory, give_points, make_member
from tests.loyalty.helpers import books_are_right, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(now):
    ProgrammeFactory(expiry_months=1)
    records = make_member("Alice")[1]
    give_points(records[0], 100, order="W-1", now=now)
    return records


def test_what_is_left_of_a_lot_ends_with_it(alice, now):
    hold(source_records=alice, order="W-2", points=30, by="x", now=now)
    later = now + timedelta(days=60)
    assert expire_lots(now=later) == 70
    assert expire_lots(now=later) == 0
    assert balance_of(alice) == Balance(0, 0, 30)
    books_are_right()


def test_ended_points_cannot_be_spent_before_the_sweep_has_taken_them(alice, now):
    later = now + timedelta(days=60)
    assert balance_of(alice, now=later) == Balance(0, 0, 0)
    with refused(PointsShort):
        hold(source_records=alice, order="W-2", points=1, by="x", now=later)
    assert balance_of(alice) == Balance(100, 0, 0)


def test_points_held_while_their_lot_ended_come_back_for_thirty_days(alice, now):
    hold(source_records=alice, order="W-2", points=30, by="x", now=now)
    later = now + timedelta(days=60)
    expire_lots(now=later)
    release(order="W-2", now=later, by="x")
    assert balance_of(alice, now=later) == Balance(30, 0, 0)
    assert expire_lots(now=later + timedelta(days=30)) == 30
    assert Entry.objects.filter(reason="expire").count() == 2
    books_are_right()


def test_points_without_an_end_stay(now):
    ProgrammeFactory(expiry_months=None)
    records = make_member("Bob")[1]
    give_points(records[0], 10, order="W-1", now=now)
    assert expire_lots(now=now + timedelta(days=10_000)) == 0
    assert balance_of(records, now=now + timedelta(days=10_000)) == Balance(10, 0, 0)
