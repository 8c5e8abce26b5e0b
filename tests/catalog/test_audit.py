"""The audit finds what it is there to find, and is quiet otherwise."""

import pytest
from django.db import connection

from catalog import stock
from catalog.audit import CHECKS
from catalog.models import Coupon, DueOffer, Offer, StockLevel
from catalog.offers import refresh_due, refresh_offers
from omni.core import clock
from tests.factories.catalog import CouponFactory, PromotionFactory, VariantFactory
from tests.factories.core import LocationFactory


@pytest.fixture
def tea(db):
    hue = LocationFactory(code="hue")
    tea = VariantFactory(sku="TEA", price=40_000, stock={hue: 9})
    PromotionFactory(conditions={"skus": ["TEA"]})
    CouponFactory(code="TET")
    now = clock.now()
    refresh_offers(variant_ids=[tea.pk], now=now)
    stock.reserve(order="W-1", wants=[stock.Want(tea.pk, "TEA", hue.pk, 2, 0)], now=now)
    stock.hand_over(order="W-1", by="b", now=now, lines=[(0, 1)])
    return tea


def failing() -> list[str]:
    return [check.name.split(":")[0] for check in CHECKS if check.look().wrong]


def test_a_shop_at_work_is_clean_before_and_after_the_sweep(tea):
    assert failing() == []
    refresh_due(now=clock.now())
    assert failing() == []
    assert all(check.look().rows >= 0 for check in CHECKS)


def broken(sql):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE catalog_stocklevel SET on_hand = on_hand + 1", "stock"),
        ("UPDATE catalog_stocklevel SET reserved = 0", "stock"),
        ("UPDATE catalog_offer SET price = 1", "offers"),
        ("DELETE FROM catalog_offer", "offers"),
        ("UPDATE catalog_coupon SET used = 1", "coupons"),
    ],
)
def test_what_is_wrong_is_found(tea, sql, found):
    refresh_due(now=clock.now())
    broken(sql)
    assert found in failing()


def test_an_offer_whose_word_still_waits_is_not_wrong(tea):
    assert DueOffer.objects.exists()
    assert Offer.objects.get().atp == 9
    assert StockLevel.objects.get().on_hand == 8
    assert failing() == []
    assert Coupon.objects.get().used == 0
