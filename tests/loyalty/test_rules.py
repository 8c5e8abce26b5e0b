"""The pure rules of points."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import (
    Left,
    Level,
    Part,
    due_back,
    expiry,
    level_reached,
    level_to_hold,
    next_level,
    points_for_basis,
    skip,
    take,
    year_start,
)

SAIGON = "Asia/Ho_Chi_Minh"


@given(basis=st.integers(0, 10**9), parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_partial_returns_of_everything_take_back_exactly_what_was_earned(basis, parts):
    basis = sum(parts)
    points = points_for_basis(basis=basis, earn_points=3, earn_per=1_000)
    taken = returned = 0
    for part in parts:
        returned += part
        due = due_back(points=points, basis=basis, returned=returned, taken_before=taken)
        assert due >= 0
        taken += due
    assert taken == points


def test_points_are_rounded_down_and_nothing_is_earned_below_zero():
    assert points_for_basis(basis=10_999, earn_points=1, earn_per=1_000, rate=12_500) == 12
    assert points_for_basis(basis=-5_000, earn_points=1, earn_per=1_000) == 0
    assert due_back(points=0, basis=0, returned=0, taken_before=0) == 0


@given(
    lots=st.lists(st.integers(1, 50), max_size=8),
    amount=st.integers(0, 500),
    skipped=st.integers(0, 500),
)
def test_taking_takes_in_order_and_skipping_leaves_the_rest(lots, amount, skipped):
    parts = take([Left(number, 1, there) for number, there in enumerate(lots)], amount)
    assert sum(part.amount for part in parts) == min(amount, sum(lots))
    assert [part.lot for part in parts] == list(range(len(parts)))
    rest = skip(parts, skipped)
    assert sum(part.amount for part in rest) == max(sum(part.amount for part in parts) - skipped, 0)


def test_skipping_may_cut_a_part_in_two():
    assert skip([Part(1, 9, 10), Part(2, 9, 5)], 4) == [Part(1, 9, 6), Part(2, 9, 5)]


def test_points_end_with_a_month_of_the_programmes_own_time():
    # Still 31 December in UTC, already January in Vietnam.
    new_year = datetime(2025, 12, 31, 20, tzinfo=UTC)
    assert expiry(since=new_year, months=12, time_zone=SAIGON) == datetime(2027, 2, 1, tzinfo=ZoneInfo(SAIGON))
    assert expiry(since=new_year, months=12, time_zone="UTC") == datetime(2027, 1, 1, tzinfo=UTC)
    assert expiry(since=new_year, months=None, time_zone=SAIGON) is None
    assert year_start(new_year, SAIGON) == datetime(2026, 1, 1, tzinfo=ZoneInfo(SAIGON))


def test_a_level_is_reached_by_spending_and_kept_for_its_time():
    member, silver, gold = Level("member", 0), Level("silver", 1_000), Level("gold", 5_000)
    levels = [gold, member, silver]
    assert level_reached(levels, 0) == member
    assert level_reached(levels, 999) == member
    assert level_reached(levels, 1_000) == silver
    assert level_reached([silver], 999) is None
    assert next_level(levels, silver) == gold
    assert next_level(levels, gold) is None
    assert next_level(levels, None) == member
    assert level_to_hold(current=gold, kept=True, reached=member) == gold
    assert level_to_hold(current=gold, kept=False, reached=member) == member
    assert level_to_hold(current=silver, kept=True, reached=gold) == gold
    assert level_to_hold(current=None, kept=False, reached=None) is None
