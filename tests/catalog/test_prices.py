"""One price at a time, its history kept, never below its floor."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from catalog.models import Offer, Price
from catalog.prices import BadPeriod, BadPrice, BelowFloor, NewPrice, PriceOverlap, set_price, set_prices
from catalog.quoting import NotPriced, UnknownSku, price_basket_now
from omni.core.models import OutboxMessage
from tests.factories.catalog import PriceFactory, VariantFactory

HOUR = timedelta(hours=1)


def change(now, **fields):
    """In a savepoint, so that a refusal leaves the test's own transaction usable."""
    with transaction.atomic():
        return set_price(**{"sku": "TEA", "reason": "spring", "by": "staff:an", "now": now, **fields})


@pytest.fixture
def tea(db):
    return VariantFactory(sku="TEA", price=40_000)


def history():
    return list(Price.objects.order_by("valid_from").values_list("amount", "valid_from", "valid_until"))


def test_a_change_ends_the_running_price_and_begins_the_next(tea, now):
    change(now, amount=50_000)
    (_old, _began, ended), (amount, *rest) = history()
    assert (ended, amount, rest) == (now, 50_000, [now, None])
    assert Offer.objects.get(variant=tea).price == 50_000
    kinds = set(OutboxMessage.objects.values_list("kind", "key"))
    assert kinds == {("price.changed", "TEA"), ("offer.changed", "TEA")}


def test_the_same_price_again_changes_nothing(tea, now):
    change(now, amount=50_000)
    messages = OutboxMessage.objects.count()
    change(now + HOUR, amount=50_000)
    assert len(history()) == 2
    assert OutboxMessage.objects.count() == messages


def test_a_price_set_for_later_holds_from_then_on(tea, now):
    change(now, amount=50_000, valid_from=now + HOUR)
    assert price_basket_now(lines=[("TEA", 1)], now=now).total == 40_000
    assert price_basket_now(lines=[("TEA", 1)], now=now + HOUR).total == 50_000
    assert Offer.objects.get(variant=tea).valid_until == now + HOUR


def test_a_change_now_does_not_run_into_the_one_set_for_later(tea, now):
    change(now, amount=50_000, valid_from=now + HOUR)
    before = history()
    with pytest.raises(PriceOverlap):
        change(now, amount=45_000)
    assert history() == before
    change(now, amount=45_000, valid_until=now + HOUR)
    assert [row[0] for row in history()] == [40_000, 45_000, 50_000]


def test_below_its_floor_no_price_is_set(tea, now):
    change(now, amount=50_000, floor=30_000)
    before = history()
    with pytest.raises(BelowFloor) as refusal:
        change(now + HOUR, amount=29_999)
    assert refusal.value.details["floor"] == 30_000
    assert history() == before
    change(now + HOUR, amount=29_999, floor=20_000)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"amount": -1}, BadPrice),
        ({"amount": 5, "currency": "XYZ"}, BadPrice),
        ({"amount": 5, "valid_from": -HOUR}, BadPeriod),
        ({"amount": 5, "valid_until": -HOUR}, BadPeriod),
        ({"amount": 5, "sku": "NONE"}, UnknownSku),
    ],
)
def test_a_price_that_can_never_be_right_is_refused(tea, now, fields, error):
    fields = {name: now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    with pytest.raises(error):
        change(now, **fields)
    assert len(history()) == 1


def test_many_prices_at_once_all_or_none(tea, now):
    VariantFactory(sku="CUP", price=90_000)
    with pytest.raises(UnknownSku), transaction.atomic():
        set_prices(prices=[NewPrice("TEA", 1), NewPrice("NONE", 2)], reason="r", by="b", now=now)
    assert len(history()) == 2
    assert set_prices(prices=[NewPrice("TEA", 41_000), NewPrice("CUP", 90_000)], reason="r", by="b", now=now) == 1


def test_the_database_refuses_an_overlap_and_a_rewritten_price(tea, now):
    with pytest.raises(IntegrityError, match="price_never_overlaps"), transaction.atomic():
        PriceFactory(variant=tea, valid_from=now)
    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Price.objects.update(amount=1)


def test_another_currency_is_another_price(tea, now):
    change(now, amount=199, currency="USD")
    assert price_basket_now(lines=[("TEA", 1)], now=now).total == 40_000
    assert price_basket_now(lines=[("TEA", 1)], currency="USD", now=now).total == 199
    with pytest.raises(NotPriced):
        price_basket_now(lines=[("TEA", 1)], currency="EUR", now=now)


@pytest.mark.django_db(transaction=True)
def test_two_who_change_one_price_at_once_leave_one_running(tea, now):
    def one(step: int) -> None:
        try:
            set_price(sku="TEA", amount=50_000 + step, reason="r", by="b", now=now + HOUR * step)
        except (BadPeriod, PriceOverlap):
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(one, [1] * 16))
    assert Price.objects.filter(valid_until=None).count() == 1
