"""Tiers, and what the room does when customers are joined, taken apart, forgotten or ask for their data."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from customers.models import CustomerFacts, Membership
from customers.ports import Follower
from loyalty import rewards, tiers
from loyalty.balances import Balance, balance_of
from loyalty.earning import accrue, claw_back
from loyalty.following import LoyaltyFollower
from loyalty.models import Adjustment, Entry, MemberTier
from tests.factories.loyalty import ProgrammeFactory, TierFactory, give_points, make_member
from tests.loyalty.helpers import books_are_right

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    programme = ProgrammeFactory()
    TierFactory(programme=programme, code="member", threshold=0)
    TierFactory(programme=programme, code="silver", threshold=5_000_000)
    TierFactory(programme=programme, code="gold", threshold=20_000_000, earn_rate=12_500)
    return programme


@pytest.fixture
def alice(programme):
    return make_member("Alice")


def buy(record, basis, now, order="W-1"):
    accrue(source_record=record, order=order, basis=basis, currency="VND", now=now)


def tier_of(customer):
    return MemberTier.objects.filter(customer=customer, until=None).values_list("tier__code", flat=True).first()


def test_spending_in_a_calendar_year_reaches_a_tier(alice, now):
    customer, records = alice
    assert tiers.standing(customer.pk, now=now).to_go == 5_000_000
    buy(records[0], 6_000_000, now)
    assert tiers.review_due(now=now) == 1
    stands = tiers.standing(customer.pk, now=now)
    assert (stands.tier.code, stands.next.code, stands.to_go) == ("silver", "gold", 14_000_000)
    assert stands.until == datetime(2028, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert CustomerFacts.objects.get(customer=customer).tier == "silver"


def test_a_tier_is_kept_to_the_end_of_the_next_year_and_then_follows_spending(alice, now):
    customer, _records = alice
    tiers.evaluate(customer_id=customer.pk, spent=25_000_000, now=now)
    tiers.evaluate(customer_id=customer.pk, spent=0, now=now + timedelta(days=365))
    assert tier_of(customer) == "gold"
    tiers.evaluate(customer_id=customer.pk, spent=6_000_000, now=now + timedelta(days=600))
    assert tier_of(customer) == "silver"
    assert MemberTier.objects.filter(customer=customer).count() == 2


def test_goods_that_came_back_do_not_count(alice, now):
    customer, records = alice
    buy(records[0], 6_000_000, now)
    claw_back(order="W-1", returned_basis=2_000_000, return_number="R-1", by="x", now=now)
    tiers.review(customer_id=customer.pk, now=now)
    assert tier_of(customer) == "member"


def test_reviews_find_who_needs_one_and_nobody_else(alice, now):
    customer, records = alice
    buy(records[0], 6_000_000, now)
    tiers.review_due(now=now)
    quiet = now + timedelta(hours=1)
    tiers.review_due(now=quiet)
    assert tiers.review_due(now=quiet) == 0
    buy(records[0], 20_000_000, quiet, order="W-2")
    assert tiers.review_due(now=quiet) == 1
    assert tier_of(customer) == "gold"
    assert tiers.review_due(now=now + timedelta(days=800)) == 1
    assert tier_of(customer) == "member"


def test_without_a_programme_there_is_no_tier(now):
    customer, _records = make_member()
    assert tiers.review_due(now=now) == 0
    assert tiers.evaluate(customer_id=customer.pk, spent=10**9, now=now) is None
    assert tiers.standing(customer.pk, now=now).tier is None


def join(survivor, absorbed, records, now):
    Membership.objects.filter(source_record__in=records).update(customer=survivor)
    LoyaltyFollower().merged(survivor=survivor.pk, absorbed=[absorbed.pk], now=now)


def test_who_is_joined_keeps_the_better_tier_or_reaches_one_together(alice, now):
    customer, records = alice
    other, others = make_member("Alice P.")
    tiers.evaluate(customer_id=customer.pk, spent=0, now=now)
    tiers.evaluate(customer_id=other.pk, spent=6_000_000, now=now)
    join(customer, other, others, now)
    assert (tier_of(customer), tier_of(other)) == ("silver", None)

    third, thirds = make_member("A. Pham")
    buy(records[0], 12_000_000, now)
    buy(thirds[0], 9_000_000, now, order="W-2")
    join(customer, third, thirds, now)
    assert tier_of(customer) == "gold"


def test_who_is_taken_apart_has_what_their_own_records_reached(alice, now):
    customer, records = alice
    other, others = make_member("Alice P.")
    buy(records[0], 6_000_000, now - timedelta(days=365), order="W-0")
    buy(others[0], 21_000_000, now)
    give_points(others[0], 40, order="W-2", now=now)
    join(customer, other, others, now)
    entries = Entry.objects.count()
    assert tier_of(customer) == "gold"

    Membership.objects.filter(source_record__in=others).update(customer=other)
    LoyaltyFollower().unmerged(customers=[customer.pk, other.pk], now=now)

    assert (tier_of(customer), tier_of(other)) == ("silver", "gold")
    assert balance_of(others) == Balance(40, 21_000, 0)
    assert Entry.objects.count() == entries
    books_are_right()


def test_who_is_forgotten_leaves_numbers_and_no_words(alice, now):
    customer, records = alice
    rewards.adjust(source_record=records[0], points=10, reason="Alice called, very upset", by="staff:bob", now=now)
    rewards.adjust(source_record=records[0], points=9_000, reason="Alice again", by="staff:bob", now=now)
    LoyaltyFollower().erased(customer=customer.pk, source_records=records, now=now)
    assert set(Entry.objects.values_list("note", flat=True)) == {""}
    assert set(Adjustment.objects.values_list("reason", "state")) == {("", "done"), ("", "refused")}
    assert balance_of(records).available == 10
    books_are_right()


def test_a_member_is_told_what_is_held_of_them_and_sees_it_on_the_timeline(alice, now):
    _customer, records = alice
    follower: Follower = LoyaltyFollower()
    give_points(records[0], 10, order="W-1", now=now)
    export = follower.exported(source_records=records)
    assert export["points"] == {"available": 10, "pending": 0, "held": 0}
    assert [entry["after"] for entry in export["entries"]] == [10, 0]
    items = follower.timeline(source_records=records, before=None, limit=1)
    assert [(item.kind, item.about, item.data["points"]) for item in items] == [("points.release", "W-1", 10)]
    assert follower.timeline(source_records=records, before=now, limit=5) == []
