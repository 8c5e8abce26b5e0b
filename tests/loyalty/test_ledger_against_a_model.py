"""Random lives of points against a small model that keeps lists instead of a ledger."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from customers.models import Membership
from loyalty.balances import Balance, balance_of, lots_of
from loyalty.earning import accrue, claw_back, release_due
from loyalty.expiry import expire_lots
from loyalty.ledger.accounts import open_book
from loyalty.programmes import PointsShort
from loyalty.rules import expiry
from loyalty.spending import capture, give_back, hold, release
from tests.factories.loyalty import BEGINNING, ProgrammeFactory, make_member
from tests.loyalty.helpers import books_are_right, refused

RECORDS = 3


@dataclass
class ALot:
    record: int
    left: int
    ends: datetime
    order: str = ""


@dataclass
class AnOrder:
    record: int
    basis: int
    points: int
    due_at: datetime
    returned: int = 0
    clawed: int = 0
    waiting: bool = True


@dataclass
class AHold:
    parts: list[tuple[ALot, int]]
    state: str = "open"
    back: int = 0

    @property
    def points(self) -> int:
        return sum(amount for _lot, amount in self.parts)

    def outstanding(self) -> list[tuple[ALot, int]]:
        """What can still come back, the last taken first."""
        rest, skipped = [], self.back
        for lot, amount in reversed(self.parts):
            over = min(amount, skipped)
            skipped -= over
            if amount > over:
                rest.append((lot, amount - over))
        return rest


@dataclass
class Model:
    now: datetime = BEGINNING
    lots: list[ALot] = field(default_factory=list)
    orders: dict[str, AnOrder] = field(default_factory=dict)
    holds: dict[str, AHold] = field(default_factory=dict)

    def take(self, there: list[ALot], amount: int) -> list[tuple[ALot, int]]:
        parts = []
        for lot in there:
            taken = min(lot.left, amount)
            if taken:
                lot.left -= taken
                amount -= taken
                parts.append((lot, taken))
        return parts

    def living(self, records: set[int]) -> list[ALot]:
        there = [lot for lot in self.lots if lot.record in records and lot.left and lot.ends > self.now]
        return sorted(there, key=lambda lot: lot.ends)

    def bring_back(self, parts: list[tuple[ALot, int]]) -> None:
        late: dict[int, int] = {}
        for lot, amount in parts:
            if lot.ends > self.now:
                lot.left += amount
            else:
                late[lot.record] = late.get(lot.record, 0) + amount
        for record in sorted(late):
            self.lots.append(ALot(record, late[record], self.now + timedelta(days=30)))

    def release(self) -> None:
        for name, order in self.orders.items():
            if order.waiting and order.due_at <= self.now:
                order.waiting = False
                left = order.points - order.clawed
                ends = expiry(since=order.due_at, months=0, time_zone="Asia/Ho_Chi_Minh")
                if left and ends:
                    self.lots.append(ALot(order.record, left, ends, name))

    def claw_back(self, name: str, basis: int, records: set[int]) -> int:
        order = self.orders[name]
        order.returned = min(order.returned + basis, order.basis)
        due = int(Fraction(order.points * order.returned, order.basis) + Fraction(1, 2)) - order.clawed
        order.clawed += due
        if order.waiting:
            return due
        there = [lot for lot in self.lots if lot.record in records and lot.left]
        there.sort(key=lambda lot: (lot.order != name, lot.ends))
        return sum(amount for _lot, amount in self.take(there, due))


class PointsLive(RuleBasedStateMachine):
    """Orders are placed, returned and paid with points while time goes on and customers turn out to be one."""

    def __init__(self) -> None:
        super().__init__()
        self.all = transaction.atomic()
        self.all.__enter__()
        programme = ProgrammeFactory(expiry_months=0)
        made = [make_member(f"Person {number}") for number in range(RECORDS)]
        self.records = [records[0] for _customer, records in made]
        self.groups = [{record} for record in self.records]
        open_book(programme=programme, source_records=self.records)
        self.model = Model()
        self.numbers = iter(range(10_000))

    def teardown(self) -> None:
        books_are_right()
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    def group(self, record: int) -> set[int]:
        return next(group for group in self.groups if record in group)

    def name(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"

    @initialize(data=st.data())
    def everybody_has_some(self, data):
        for who in range(RECORDS):
            self.buy(who, data.draw(st.integers(20_000, 60_000)), 0)

    @rule(who=st.integers(0, RECORDS - 1), basis=st.integers(500, 60_000), days=st.sampled_from([0, 0, 2]))
    def buy(self, who, basis, days):
        """Points that wait no day are swept at once, so that there is something to spend."""
        name, record, now = self.name("W"), self.records[who], self.model.now
        asked = {"source_record": record, "order": name, "currency": "VND", "now": now, "pending_days": days}
        points = accrue(**asked, basis=basis)
        assert points == basis // 1_000
        assert accrue(**asked, basis=1) == points
        self.model.orders[name] = AnOrder(record, basis, points, now + timedelta(days=days), waiting=points > 0)
        if not days:
            self.sweep_what_waits()

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), share=st.integers(1, 60_000))
    def bring_goods_back(self, data, share):
        name = data.draw(st.sampled_from(sorted(self.model.orders)))
        number, order = self.name("R"), self.model.orders[name]
        expected = self.model.claw_back(name, share, self.group(order.record))
        for _again in range(2):
            taken = claw_back(order=name, returned_basis=share, return_number=number, by="x", now=self.model.now)
            assert taken == expected

    @rule(who=st.integers(0, RECORDS - 1), points=st.integers(1, 40))
    def pay_with_points(self, who, points):
        name, group = self.name("X"), self.group(self.records[who])
        there = self.model.living(group)
        asked = {"source_records": group, "order": name, "points": points, "by": "x", "now": self.model.now}
        if sum(lot.left for lot in there) < points:
            with refused(PointsShort):
                hold(**asked)
            return
        hold(**asked)
        self.model.holds[name] = AHold(self.model.take(there, points))

    @precondition(lambda self: any(held.state == "open" for held in self.model.holds.values()))
    @rule(data=st.data(), fulfilled=st.booleans())
    def end_an_order(self, data, fulfilled):
        name = data.draw(st.sampled_from([n for n, held in sorted(self.model.holds.items()) if held.state == "open"]))
        held = self.model.holds[name]
        if fulfilled:
            capture(order=name, now=self.model.now, by="x")
            held.state = "captured"
        else:
            release(order=name, now=self.model.now, by="x")
            self.model.bring_back(held.outstanding())
            held.state = "released"

    @precondition(lambda self: any(h.state != "released" and h.back < h.points for h in self.model.holds.values()))
    @rule(data=st.data())
    def give_points_back(self, data):
        able = [n for n, h in sorted(self.model.holds.items()) if h.state != "released" and h.back < h.points]
        name = data.draw(st.sampled_from(able))
        held, number = self.model.holds[name], self.name("B")
        points = data.draw(st.integers(1, held.points - held.back))
        for _again in range(2):
            give_back(order=name, points=points, source=("return", number), by="x", now=self.model.now)
        back, rest = [], points
        for lot, amount in held.outstanding():
            if rest:
                back.append((lot, min(amount, rest)))
                rest -= back[-1][1]
        self.model.bring_back(back)
        held.back += points

    @rule(days=st.sampled_from([1, 3, 9, 20]), sweep=st.booleans())
    def time_goes_on(self, days, sweep):
        self.model.now += timedelta(days=days)
        if sweep:
            self.sweep_what_waits()

    @rule()
    def sweep_what_waits(self):
        release_due(now=self.model.now)
        self.model.release()

    @rule()
    def sweep_what_ends(self):
        expire_lots(now=self.model.now)
        for lot in self.model.lots:
            if lot.ends <= self.model.now:
                lot.left = 0

    @precondition(lambda self: len(self.groups) > 1)
    @rule()
    def two_turn_out_to_be_one(self):
        joined = self.groups.pop() | self.groups.pop()
        self.groups.append(joined)
        customer = Membership.objects.get(source_record=min(joined)).customer_id
        Membership.objects.filter(source_record__in=joined).update(customer=customer)

    @invariant()
    def the_ledger_says_what_the_model_says(self):
        model = self.model
        for group in self.groups:
            lots = [lot for lot in model.lots if lot.record in group]
            waiting = [order for order in model.orders.values() if order.record in group and order.waiting]
            held = [
                amount
                for one in model.holds.values()
                if one.state == "open"
                for lot, amount in one.outstanding()
                if lot.record in group
            ]
            assert balance_of(group) == Balance(
                available=sum(lot.left for lot in lots),
                pending=sum(order.points - order.clawed for order in waiting),
                held=sum(held),
            )
            living = model.living(group)
            found = lots_of(group, now=model.now)
            assert sum(lot.points for lot in found) == sum(lot.left for lot in living)
            assert [lot.expires_at for lot in found] == sorted({lot.ends for lot in living})


@pytest.mark.django_db
def test_points_live_as_the_model_says():
    run_state_machine_as_test(
        PointsLive,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
