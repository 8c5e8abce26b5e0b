"""Redemptions and adjustments."""

from itertools import pairwise

import pytest

from loyalty import rewards
from loyalty.balances import Balance, balance_of, lots_of, statement
from loyalty.models import Adjustment, Entry, Reward
from loyalty.programmes import BadPoints, PointsShort
from loyalty.rewards import AlreadyDecided, ReasonNeeded, RewardUnknown, SecondPersonNeeded
from omni.core.errors import NotFound
from tests.factories.loyalty import ProgrammeFactory, give_points, make_member
from tests.loyalty.helpers import books_are_right, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return ProgrammeFactory(adjustment_limit=1_000)


@pytest.fixture
def alice(programme, now):
    records = make_member("Alice", records=2)[1]
    give_points(records[0], 60, order="W-1", now=now)
    give_points(records[1], 60, order="W-2", now=now)
    return records


def redeem(records, now, request="till/1", **asked):
    return rewards.redeem(source_records=records, request=request, by="key:till", now=now, **asked)


def adjust(record, points, now, reason="a late parcel"):
    return rewards.adjust(source_record=record, points=points, reason=reason, by="staff:bob", now=now)


def test_points_are_redeemed_once_for_a_request(alice, now):
    for _again in range(2):
        assert redeem(alice, now, points=100, order="W-3").points == 100
    assert balance_of(alice) == Balance(20, 0, 0)
    books_are_right()


def test_a_reward_has_its_price(programme, alice, now):
    Reward.objects.create(programme=programme, code="mug", name_vi="Cốc", points=50)
    assert redeem(alice, now, reward="mug").points == 50
    assert balance_of(alice).available == 70
    with refused(RewardUnknown):
        redeem(alice, now, request="till/2", reward="car")


def test_too_many_or_no_points_are_refused_and_nothing_is_taken(alice, now):
    with refused(PointsShort):
        redeem(alice, now, points=121)
    for points in (0, -1, None):
        with refused(BadPoints):
            redeem(alice, now, points=points)
    assert balance_of(alice).available == 120


def test_a_colleague_gives_points_with_a_reason(alice, now):
    assert adjust(alice[0], 30, now).state == Adjustment.State.DONE
    assert balance_of(alice).available == 150
    assert sum(lot.points for lot in lots_of(alice, now=now)) == 150
    assert Entry.objects.get(reason="adjust").note == "a late parcel"
    with refused(ReasonNeeded):
        adjust(alice[0], 30, now, reason="  ")
    with refused(BadPoints):
        adjust(alice[0], 0, now)
    assert balance_of(alice).available == 150
    books_are_right()


def test_a_colleague_takes_points_over_all_records_but_no_more_than_there_are(alice, now):
    adjust(alice[0], -100, now)
    assert balance_of(alice).available == 20
    with refused(PointsShort):
        adjust(alice[0], -21, now)
    assert balance_of(alice).available == 20
    assert Adjustment.objects.count() == 1
    books_are_right()


def test_above_the_limit_a_second_person_decides(alice, now):
    waiting = adjust(alice[0], 1_001, now)
    assert balance_of(alice).available == 120
    with refused(SecondPersonNeeded):
        rewards.approve(adjustment_id=waiting.pk, by="staff:bob", now=now)
    assert balance_of(alice).available == 120
    rewards.approve(adjustment_id=waiting.pk, by="staff:carol", now=now)
    assert balance_of(alice).available == 1_121
    with refused(AlreadyDecided):
        rewards.approve(adjustment_id=waiting.pk, by="staff:dora", now=now)
    books_are_right()


def test_a_refused_adjustment_moves_nothing(alice, now):
    waiting = adjust(alice[0], -5_000, now)
    rewards.refuse(adjustment_id=waiting.pk, by="staff:bob", now=now)
    with refused(AlreadyDecided):
        rewards.approve(adjustment_id=waiting.pk, by="staff:carol", now=now)
    with refused(NotFound):
        rewards.approve(adjustment_id=0, by="staff:carol", now=now)
    assert balance_of(alice).available == 120
    books_are_right()


def test_the_statement_says_why_there_are_so_many_points(alice, now):
    redeem(alice, now, points=100)
    lines = statement(alice)
    assert lines[-1].before == 0
    assert lines[0].after == balance_of(alice).available == 20
    for newer, older in pairwise(lines):
        assert newer.before == older.after
    assert all(line.words for line in lines)
    assert [line.id for line in statement(alice, before=lines[1].id, limit=1)] == [lines[2].id]
