"""An offer is what the tables say now; it changes version only when it changes."""

from datetime import timedelta

import pytest
from django.db import connection

from catalog import stock
from catalog.models import DueOffer, Offer, Promotion
from catalog.offers import offer_states, refresh_boundaries, refresh_due, refresh_offers
from catalog.prices import set_price
from catalog.promoting import BadPromotion, pause_promotion, save_promotion
from catalog.tasks import refresh_offers as sweep
from omni.core.models import OutboxMessage
from tests.factories.catalog import CategoryFactory, PromotionFactory, VariantFactory, put_on_shelf
from tests.factories.core import LocationFactory

HOUR = timedelta(hours=1)


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue")


@pytest.fixture
def tea(hue):
    return VariantFactory(sku="TEA", price=40_000, stock={hue: 9})


def offer(variant) -> Offer:
    return Offer.objects.get(variant=variant)


def urgencies() -> list[int]:
    return [m.payload["urgency"] for m in OutboxMessage.objects.filter(kind="offer.changed").order_by("id")]


def test_an_offer_says_price_and_availability(tea, hue, now):
    closed = LocationFactory(code="closed", active=False)
    empty = LocationFactory(code="empty")
    dalat = LocationFactory(code="dalat")
    put_on_shelf(tea, closed, 50)
    put_on_shelf(tea, dalat, 6, safety=1)
    put_on_shelf(tea, empty, 0)
    assert refresh_offers(variant_ids=[tea.pk], now=now) == 1
    (state,) = offer_states(["TEA"])
    assert (state.price, state.atp, state.sellable, state.currency) == (40_000, 14, True, "VND")
    assert state.availability == [
        {"location": "dalat", "atp": 5, "status": "low"},
        {"location": "empty", "atp": 0, "status": "out"},
        {"location": "hue", "atp": 9, "status": "in_stock"},
    ]


def test_what_did_not_change_keeps_its_version(tea, now):
    refresh_offers(variant_ids=[tea.pk], now=now)
    version = offer(tea).version
    assert refresh_offers(variant_ids=[tea.pk], now=now + HOUR) == 0
    assert offer(tea).version == version
    assert len(urgencies()) == 1


def test_sold_out_and_dearer_are_more_urgent_than_the_rest(tea, hue, now):
    refresh_offers(variant_ids=[tea.pk], now=now)
    set_price(sku="TEA", amount=50_000, reason="r", by="b", now=now)
    set_price(sku="TEA", amount=45_000, reason="r", by="b", now=now + HOUR)
    stock.reserve(order="W-1", wants=[stock.Want(tea.pk, "TEA", hue.pk, 9, 0)], now=now)
    refresh_due(now=now + HOUR)
    assert urgencies() == [2, 1, 2, 0]
    assert not offer(tea).sellable


def test_without_price_or_when_retired_it_is_not_sellable(hue, now):
    unpriced = VariantFactory(stock={hue: 3})
    retired = VariantFactory(price=5, stock={hue: 3}, active=False)
    refresh_offers(variant_ids=[unpriced.pk, retired.pk], now=now)
    assert [offer(unpriced).price, offer(unpriced).sellable, offer(retired).sellable] == [None, False, False]


def test_stock_movements_are_followed_by_the_sweep_and_it_may_run_twice(tea, hue, now):
    stock.count(variant_id=tea.pk, location_id=hue.pk, counted=3, by="staff:an", now=now)
    assert sweep() == 1
    assert offer(tea).atp == 3
    assert sweep() == 0
    assert not DueOffer.objects.exists()


class TestPromotions:
    def test_a_promotion_shows_in_the_offers_of_its_scope_at_once(self, tea, now):
        cup = VariantFactory(sku="CUP", price=90_000, product__category=CategoryFactory(code="home"))
        refresh_offers(variant_ids=[tea.pk, cup.pk], now=now)
        before = offer(cup).version
        row = PromotionFactory.build(params={"percent": 25}, conditions={"skus": ["TEA"]}, valid_until=now + HOUR)
        save_promotion(promotion=row, by="staff:an", now=now)
        assert (offer(tea).promotion_price, offer(tea).promotion) == (30_000, row.code)
        assert offer(tea).valid_until == now + HOUR
        assert (offer(cup).promotion_price, offer(cup).version) == (None, before)
        pause_promotion(promotion=row, by="staff:an", now=now)
        assert offer(tea).promotion_price is None

    @pytest.mark.parametrize(
        "fields",
        [
            {"needs_coupon": True},
            {"conditions": {"tiers": ["gold"]}},
            {"conditions": {"min_quantity": 2}},
            {"conditions": {"min_spend": 40_001}},
            {"conditions": {"methods": ["bopis"]}},
            {"budget": 0},
            {"active": False},
            {"currency": "USD"},
        ],
    )
    def test_what_not_everybody_gets_on_one_unit_is_no_promotion_price(self, tea, now, fields):
        PromotionFactory(**fields)
        refresh_offers(variant_ids=[tea.pk], now=now)
        assert offer(tea).promotion_price is None

    def test_scheduled_beginnings_and_ends_are_followed(self, tea, now):
        row = PromotionFactory.build(valid_from=now + HOUR, valid_until=now + 2 * HOUR)
        refresh_offers(variant_ids=[tea.pk], now=now)
        save_promotion(promotion=row, by="staff:an", now=now)
        seen = []
        for step in range(3):
            refresh_boundaries(now=now + HOUR * step)
            seen.append(offer(tea).promotion_price)
        assert seen == [None, 36_000, None]
        assert refresh_boundaries(now=now + 9 * HOUR) == 0

    def test_happy_hours_are_followed(self, tea, now):
        # 12:00 in Ho Chi Minh City now; the promotion opens at 14:00 for two hours.
        PromotionFactory(conditions={"hours": ["14:00", "16:00"]})
        refresh_offers(variant_ids=[tea.pk], now=now)
        seen = []
        for step in (0, 1, 2, 3, 4, 26):
            refresh_boundaries(now=now + HOUR * step)
            seen.append(offer(tea).promotion_price)
        assert seen == [None, None, 36_000, 36_000, None, 36_000]

    def test_a_promotion_that_can_never_be_right_is_refused(self, tea, now):
        for fields in ({"kind": "magic"}, {"params": {"percent": 0}}, {"conditions": {"x": 1}}, {"params": []}):
            with pytest.raises(BadPromotion):
                save_promotion(promotion=PromotionFactory.build(**fields), by="b", now=now)
        assert not Promotion.objects.exists()


def test_a_thousand_offers_take_few_queries(hue, now, django_assert_max_num_queries):
    variants = [VariantFactory(price=10_000, stock={hue: 3}) for _ in range(20)]
    PromotionFactory()
    with django_assert_max_num_queries(8):
        assert refresh_offers(variant_ids=[variant.pk for variant in variants], now=now) == 20


@pytest.mark.django_db(transaction=True)
def test_a_price_changed_while_an_offer_is_computed_is_not_lost(hue, now):
    from threading import Event, Thread

    tea = VariantFactory(sku="TEA", price=40_000, stock={hue: 9})
    refresh_offers(variant_ids=[tea.pk], now=now)
    changed, looked = Event(), Event()

    def change() -> None:
        from omni.core.db import write

        with write():
            set_price(sku="TEA", amount=50_000, reason="r", by="b", now=now)
            changed.set()
            looked.wait(0.3)
        connection.close()

    def refresh() -> None:
        changed.wait()
        refresh_offers(variant_ids=[tea.pk], now=now)
        looked.set()
        connection.close()

    threads = [Thread(target=change), Thread(target=refresh)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert offer(tea).price == 50_000
