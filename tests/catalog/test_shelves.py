"""Goods are received, counted, corrected and sent on, each with a reason."""

import pytest
from django.db import IntegrityError, transaction

from catalog import stock
from catalog.gtin import BadGtin, check_digit, normal_gtin
from catalog.models import Movement, StockLevel
from catalog.products import GtinTaken, SkuTaken, make_variant
from catalog.search import search
from tests.factories.catalog import ProductFactory, VariantFactory, put_on_shelf
from tests.factories.core import LocationFactory


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue")


@pytest.fixture
def tea(hue):
    return VariantFactory(sku="TEA", stock={hue: 10})


def at(tea, hue, now, **fields):
    return {"variant_id": tea.pk, "location_id": hue.pk, "by": "staff:an", "now": now, **fields}


def refuse(error, do, **fields):
    before = list(StockLevel.objects.values())
    with pytest.raises(error), transaction.atomic():
        do(**fields)
    assert list(StockLevel.objects.values()) == before


def test_receiving_moves_the_average_cost(tea, hue, now):
    empty = VariantFactory()
    stock.receive(**at(empty, hue, now, quantity=10, unit_cost=1_000))
    level = stock.receive(**at(empty, hue, now, quantity=5, unit_cost=1_600))
    assert (level.on_hand, level.unit_cost) == (15, 1_200)
    assert stock.receive(**at(empty, hue, now, quantity=1)).unit_cost == 1_200


def test_a_count_makes_the_level_what_was_counted_and_the_same_again_moves_nothing(tea, hue, now):
    assert stock.count(**at(tea, hue, now, counted=7)).on_hand == 7
    moves = Movement.objects.count()
    assert stock.count(**at(tea, hue, now, counted=7)).on_hand == 7
    assert Movement.objects.count() == moves


def test_promises_are_kept_by_every_correction(tea, hue, now):
    dalat = LocationFactory(code="dalat")
    stock.reserve(order="W-1", wants=[stock.Want(tea.pk, "TEA", hue.pk, 8, 0)], now=now)
    refuse(stock.BelowReserved, stock.count, **at(tea, hue, now, counted=7))
    refuse(stock.BelowReserved, stock.adjust, **at(tea, hue, now, quantity=-3, reason="damaged"))
    refuse(
        stock.BelowReserved, stock.transfer,
        variant_id=tea.pk, from_location_id=hue.pk, to_location_id=dalat.pk, quantity=3, by="b", now=now,
    )  # fmt: skip


@pytest.mark.parametrize("quantity", [0, -1, 1.5, True, 10**9])
def test_a_number_that_can_never_be_is_refused(tea, hue, now, quantity):
    refuse(stock.BadUnits, stock.receive, **at(tea, hue, now, quantity=quantity))
    refuse(stock.BadUnits, stock.count, **at(tea, hue, now, counted=-1))
    refuse(stock.BadReason, stock.adjust, **at(tea, hue, now, quantity=1, reason="sale"))


def test_a_transfer_takes_its_cost_along(tea, hue, now):
    dalat = LocationFactory(code="dalat")
    shirt = VariantFactory()
    stock.receive(**at(shirt, hue, now, quantity=10, unit_cost=500))
    stock.transfer(
        variant_id=shirt.pk, from_location_id=hue.pk, to_location_id=dalat.pk, quantity=4, by="staff:an", now=now
    )
    assert stock.atp([shirt.pk]) == {(shirt.pk, hue.pk): 6, (shirt.pk, dalat.pk): 4}
    assert StockLevel.objects.get(variant=shirt, location=dalat).unit_cost == 500


def test_safety_stock_is_kept_back(tea, hue, now):
    stock.set_safety(variant_id=tea.pk, location_id=hue.pk, safety=4, now=now)
    assert stock.atp([tea.pk], [hue.pk]) == {(tea.pk, hue.pk): 6}


def test_the_database_refuses_a_level_moved_by_hand_and_a_movement_rewritten(tea, hue):
    for do in (
        lambda: StockLevel.objects.update(on_hand=99),
        lambda: Movement.objects.update(quantity=99),
        lambda: Movement.objects.all().delete(),
        lambda: put_on_shelf(tea, hue, -11),
        lambda: StockLevel.objects.update(reserved=11),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            do()


class TestGtins:
    def test_the_last_digit_checks_the_others(self):
        # GS1's own example.
        assert check_digit("629104150021") == "3"
        assert normal_gtin(" 6291-0415 00213 ") == "6291041500213"

    @pytest.mark.parametrize("wrong", ["", "6291041500214", "62910415002130", "abc", "١٢٣٤٥٦٧٨"])
    def test_anything_else_is_refused(self, wrong):
        with pytest.raises(BadGtin):
            normal_gtin(wrong)

    def test_a_variant_is_made_with_a_right_and_free_one_only(self, db, now):
        product = ProductFactory(name_vi="Trà sen")
        made = make_variant(product=product, sku="A", gtin="6291041500213", options={"Gói": "50 g"}, now=now)
        assert list(search("tra sen 50")) == [made]
        for error, told in (
            (SkuTaken, {"sku": "A"}),
            (GtinTaken, {"sku": "B", "gtin": "6291041500213"}),
            (BadGtin, {"sku": "B", "gtin": "6291041500214"}),
        ):
            with pytest.raises(error), transaction.atomic():
                make_variant(product=product, now=now, **told)
