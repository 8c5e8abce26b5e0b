"""What the database itself refuses about prices, stock and coupons, whoever asks and however."""

from datetime import timedelta

import pytest

from catalog import stock
from catalog.coupons import return_coupons, use_coupons
from catalog.models import Coupon, CouponUse, Movement, Price, Reservation, StockLevel
from catalog.prices import set_price
from omni.core.db import write
from tests.database import empty, refused_by, run
from tests.factories.catalog import CouponFactory, PriceFactory, VariantFactory, put_on_shelf
from tests.factories.core import LocationFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def hue():
    return LocationFactory(code="hue")


@pytest.fixture
def tea(hue):
    return VariantFactory(sku="TEA", price=40_000, stock={hue: 9})


def test_no_more_is_reserved_than_is_there(tea):
    with refused_by("reserved_within_on_hand"):
        StockLevel.objects.update(reserved=10)
    with refused_by("reserved_within_on_hand"):
        StockLevel.objects.update(reserved=-1)


def test_a_level_is_moved_by_movements_alone(tea, hue):
    with refused_by("level_moved_by_movements"):
        StockLevel.objects.update(on_hand=10)
    with refused_by("level_moved_by_movements"):
        StockLevel.objects.update(location=LocationFactory(code="vinh"))
    with refused_by("level_moved_by_movements"):
        StockLevel.objects.all().delete()
    with refused_by("catalog_stocklevel_append_only"):
        empty("catalog_stocklevel")
    put_on_shelf(tea, hue, -9)
    StockLevel.objects.all().delete()


def test_movements_stay(tea):
    with refused_by("catalog_movement_append_only"):
        Movement.objects.update(quantity=1)
    with refused_by("catalog_movement_append_only"):
        run("SET LOCAL omni.erasing = 'on'; DELETE FROM catalog_movement")
    with refused_by("catalog_movement_append_only"):
        empty("catalog_movement")


def test_a_promise_that_ended_is_not_live_again(tea, hue, now):
    stock.reserve(order="W-1", wants=[stock.Want(tea.pk, "TEA", hue.pk, 2, 1)], now=now)
    with refused_by("one_live_reservation"):
        Reservation.objects.create(variant=tea, location=hue, quantity=1, order="W-1", line=1, created_at=now)
    stock.release(order="W-1", now=now)
    with refused_by("reservation_ends_once"):
        Reservation.objects.update(state="open")


def test_a_price_is_ended_and_never_rewritten(tea, now):
    for change in ({"amount": 1}, {"floor": 1}, {"compare_at": 1}, {"tax_included": False}, {"valid_from": now}):
        with refused_by("price_append_only"):
            Price.objects.update(**change)
    Price.objects.update(valid_until=now + DAY)
    for later in (None, now + 2 * DAY):
        with refused_by("price_append_only"):
            Price.objects.update(valid_until=later)
    Price.objects.update(valid_until=now)


def test_prices_are_not_deleted(tea):
    with refused_by("catalog_price_append_only"):
        Price.objects.all().delete()
    with refused_by("catalog_price_append_only"):
        empty("catalog_price")


def test_prices_never_overlap_nor_lie_below_their_floor(tea, now):
    with refused_by("price_never_overlaps"):
        PriceFactory(variant=tea, valid_from=now)
    PriceFactory(variant=tea, valid_from=now, currency="USD")
    with refused_by("price_not_below_floor"):
        PriceFactory(variant=VariantFactory(), amount=5, floor=6)


def test_a_price_replaced_before_it_began_stays_in_the_history(tea, now):
    for amount in (50_000, 60_000):
        set_price(sku="TEA", amount=amount, valid_from=now + DAY, reason="spring", by="an", now=now)
    kept = list(Price.objects.filter(valid_from=now + DAY).order_by("pk").values_list("amount", "valid_until"))
    assert kept == [(50_000, now + DAY), (60_000, None)]


def test_a_coupons_uses_count_themselves_and_are_bounded(now):
    tet = CouponFactory(code="TET", max_uses=1)
    with refused_by("coupon_used_by_uses"):
        Coupon.objects.update(used=1)
    with refused_by("coupon_used_by_uses"):
        CouponFactory(used=1)
    CouponUse.objects.create(coupon=tet, order="W-1", used_at=now)
    with refused_by("coupon_not_overused"):
        CouponUse.objects.create(coupon=tet, order="W-2", used_at=now)
    with write():
        return_coupons(order="W-1", now=now)
        use_coupons(codes=["TET"], order="W-2", source_record=None, now=now)
    with refused_by("coupon_not_overused"):
        CouponUse.objects.update(returned_at=None)
    assert Coupon.objects.get(pk=tet.pk).used == 1
