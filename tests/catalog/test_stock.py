"""Stock is promised, handed over and taken back; nobody sells what is not there."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from catalog import stock
from catalog.models import DueOffer, Movement, Reservation, StockLevel
from catalog.stock import Want
from omni.core.db import write
from tests.factories.catalog import VariantFactory, put_on_shelf
from tests.factories.core import LocationFactory


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue")


@pytest.fixture
def dalat(db):
    return LocationFactory(code="dalat")


def want(variant, location, quantity, line=0):
    return Want(variant.pk, variant.sku, location.pk, quantity, line)


def level(variant, location):
    return StockLevel.objects.get(variant=variant, location=location)


def test_a_promise_lowers_what_can_be_promised_and_nothing_else(hue, now):
    shirt = VariantFactory(stock={hue: 5})
    stock.reserve(order="W-1", wants=[want(shirt, hue, 2)], now=now)
    assert level(shirt, hue).on_hand == 5
    assert stock.atp([shirt.pk]) == {(shirt.pk, hue.pk): 3}
    assert list(Reservation.objects.values_list("order", "line", "quantity", "state")) == [("W-1", 0, 2, "open")]
    assert DueOffer.objects.filter(variant=shirt).exists()


def test_two_lines_of_one_sku_are_promised_together(hue, now):
    shirt = VariantFactory(stock={hue: 5})
    with pytest.raises(stock.OutOfStock):
        stock.reserve(order="W-1", wants=[want(shirt, hue, 3, 0), want(shirt, hue, 3, 1)], now=now)
    stock.reserve(order="W-1", wants=[want(shirt, hue, 3, 0), want(shirt, hue, 2, 1)], now=now)
    assert level(shirt, hue).reserved == 5


def test_safety_stock_is_not_promised(hue, now):
    shirt = VariantFactory()
    put_on_shelf(shirt, hue, 5, safety=3)
    with pytest.raises(stock.OutOfStock):
        stock.reserve(order="W-1", wants=[want(shirt, hue, 3)], now=now)
    stock.reserve(order="W-1", wants=[want(shirt, hue, 2)], now=now)


def test_short_of_one_line_nothing_is_taken_and_the_refusal_says_where_else_it_is(hue, dalat, now):
    shirt = VariantFactory(sku="SHIRT", stock={hue: 5})
    hat = VariantFactory(sku="HAT", stock={hue: 1, dalat: 7})
    with pytest.raises(stock.OutOfStock) as refusal:
        stock.reserve(order="W-1", wants=[want(shirt, hue, 2, 0), want(hat, hue, 2, 1)], now=now)
    assert refusal.value.details == {
        "lines": [
            {"sku": "HAT", "requested": 2, "available": 1, "elsewhere": [{"location": "dalat", "atp": 7}]},
        ]
    }
    assert not Reservation.objects.exists()
    assert level(shirt, hue).reserved == 0
    # The caller's transaction goes on.
    stock.reserve(order="W-1", wants=[want(shirt, hue, 2, 0), want(hat, dalat, 2, 1)], now=now)


def test_what_was_never_there_is_out_of_stock(hue, now):
    with pytest.raises(stock.OutOfStock):
        stock.reserve(order="W-1", wants=[want(VariantFactory(), hue, 1)], now=now)


def test_a_release_gives_back_once(hue, now):
    shirt = VariantFactory(stock={hue: 5})
    stock.reserve(order="W-1", wants=[want(shirt, hue, 3)], now=now)
    assert [held.quantity for held in stock.release(order="W-1", now=now, lines=[(0, 1)])] == [1]
    assert level(shirt, hue).reserved == 2
    assert [held.quantity for held in stock.release(order="W-1", now=now)] == [2]
    assert stock.release(order="W-1", now=now) == []
    assert level(shirt, hue).reserved == 0


def test_a_hand_over_becomes_a_sale_and_in_parts_too(hue, now):
    shirt = VariantFactory(stock={hue: 5})
    stock.reserve(order="W-1", wants=[want(shirt, hue, 3)], now=now)
    stock.hand_over(order="W-1", by="staff:an", now=now, lines=[(0, 1)])
    stock.hand_over(order="W-1", by="staff:an", now=now)
    assert (level(shirt, hue).on_hand, level(shirt, hue).reserved) == (2, 0)
    sales = Movement.objects.filter(reason="sale", source="W-1").order_by("id")
    assert [sale.quantity for sale in sales] == [-1, -2]


def test_only_the_goods_of_the_named_location_are_handed_over(hue, dalat, now):
    shirt = VariantFactory(stock={hue: 5, dalat: 5})
    stock.reserve(order="W-1", wants=[want(shirt, hue, 2), want(shirt, dalat, 1)], now=now)
    stock.hand_over(order="W-1", by="staff:an", now=now, location_id=dalat.pk)
    assert (level(shirt, hue).reserved, level(shirt, dalat).reserved) == (2, 0)
    stock.release(order="W-1", now=now, location_id=hue.pk)
    assert (level(shirt, hue).on_hand, level(shirt, dalat).on_hand) == (5, 4)


def test_more_than_is_held_is_not_handed_over(hue, now):
    shirt = VariantFactory(stock={hue: 5})
    stock.reserve(order="W-1", wants=[want(shirt, hue, 1)], now=now)
    with pytest.raises(stock.NotHeld):
        stock.hand_over(order="W-1", by="staff:an", now=now, lines=[(0, 2)])
    assert (level(shirt, hue).on_hand, level(shirt, hue).reserved) == (5, 1)


def test_goods_that_have_left_are_found_first_and_the_youngest_promise_gives_way(hue, now):
    shirt = VariantFactory(sku="SHIRT", stock={hue: 3})
    stock.reserve(order="OLD", wants=[want(shirt, hue, 1)], now=now)
    stock.reserve(order="YOUNG", wants=[want(shirt, hue, 2)], now=now)
    gaps = stock.take_unreserved(order="TILL-1", wants=[want(shirt, hue, 2, 4)], by="key:till", now=now)
    assert [(gap.kind, gap.quantity, gap.order) for gap in gaps] == [("gave_way", 2, "YOUNG")]
    assert (level(shirt, hue).on_hand, level(shirt, hue).reserved) == (1, 1)
    gaps = stock.take_unreserved(order="TILL-2", wants=[want(shirt, hue, 3, 4)], by="key:till", now=now)
    assert [(gap.kind, gap.quantity, gap.order, gap.line) for gap in gaps] == [
        ("found", 2, "TILL-2", 4),
        ("gave_way", 1, "OLD", 0),
    ]
    assert (level(shirt, hue).on_hand, level(shirt, hue).reserved) == (0, 0)
    moves = Movement.objects.filter(source="TILL-2").order_by("id")
    assert [(move.reason, move.quantity) for move in moves] == [("found", 2), ("sale", -3)]


def test_goods_come_back_on_sale_only_if_sellable(hue, now):
    shirt = VariantFactory(stock={hue: 3})
    for condition in ("sellable", "damaged"):
        stock.take_back(
            order="W-1",
            variant_id=shirt.pk,
            location_id=hue.pk,
            quantity=1,
            condition=condition,
            by="staff:an",
            now=now,
        )
    assert level(shirt, hue).on_hand == 4
    assert Movement.objects.filter(source="W-1").count() == 3


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def sell(self, hue, now, take) -> int:
        """64 buyers want one of ten shirts each; how many were told yes."""
        shirt = VariantFactory(stock={hue: 10})
        ready = Barrier(16)

        def buy(buyer: int) -> bool:
            if buyer < 16:
                ready.wait()
            try:
                with write():
                    take(order=f"W-{buyer}", wants=[want(shirt, hue, 1)], now=now)
                return True
            except stock.OutOfStock:
                return False
            finally:
                connection.close()

        with ThreadPoolExecutor(16) as crowd:
            sold = sum(crowd.map(buy, range(64)))
        self.level = level(shirt, hue)
        return sold

    def test_of_ten_items_exactly_ten_are_sold(self, hue, now):
        assert self.sell(hue, now, stock.reserve) == 10
        assert (self.level.reserved, self.level.on_hand) == (10, 10)
        assert Reservation.objects.count() == 10

    def test_without_the_guard_the_race_would_oversell(self, hue, now):
        def look_then_take(*, order, wants, now):
            asked = wants[0]
            if stock.atp([asked.variant_id])[asked.variant_id, asked.location_id] < 1:
                raise stock.OutOfStock
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            Reservation.objects.create(
                variant_id=asked.variant_id,
                location_id=asked.location_id,
                quantity=1,
                order=order,
                line=0,
                created_at=now,
            )
            reserved = Reservation.objects.filter(state="open").count()
            StockLevel.objects.filter(variant=asked.variant_id).update(reserved=min(reserved, 10))

        assert self.sell(hue, now, look_then_take) > 10

    def test_baskets_in_opposite_orders_do_not_deadlock(self, hue, now):
        shirts = [VariantFactory(stock={hue: 50}) for _ in range(4)]

        def buy(buyer: int) -> None:
            mine = shirts if buyer % 2 else shirts[::-1]
            try:
                with transaction.atomic():
                    stock.reserve(
                        order=f"W-{buyer}",
                        wants=[want(shirt, hue, 1, line) for line, shirt in enumerate(mine)],
                        now=now,
                    )
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as crowd:
            list(crowd.map(buy, range(40)))
        assert [level(shirt, hue).reserved for shirt in shirts] == [40, 40, 40, 40]
