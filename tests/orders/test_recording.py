"""The other door writes down what has happened, and lists the gaps."""

import pytest

from orders.models import Order, OrderException
from orders.recording import ToldLine, ToldOrder, ToldPayment, record_order
from orders.returning import ReturnWish, return_goods
from tests.factories.orders import Api, place

pytestmark = pytest.mark.django_db


def record(shop, now, **fields) -> Order:
    told = {
        "external_id": "M-1",
        "lines": [ToldLine("SHIRT", 1, 100_000)],
        "payments": [ToldPayment("card", 100_000)],
        "method": "carry_out",
        "location": "hanoi",
        "handed_over": True,
    } | fields
    return record_order(channel=shop.till, told=ToldOrder(**told), by="test", now=now)


def codes(order: Order) -> list[str]:
    return sorted(order.exceptions.values_list("code", flat=True))


def test_a_sale_of_an_offline_till_is_done_and_its_goods_have_left(shop, now):
    order = record(shop, now)
    assert order.status == "completed"
    assert codes(order) == []
    assert shop.on_hand(shop.shirt, shop.hanoi) == (4, 0)


def test_it_is_taken_once(shop, now):
    assert record(shop, now) == record(shop, now)
    assert shop.on_hand(shop.shirt, shop.hanoi) == (4, 0)


def test_an_unknown_sku_another_total_and_another_sum_paid_are_gaps_not_refusals(shop, now):
    order = record(shop, now, lines=[ToldLine("MYSTERY", 1, 50_000), ToldLine("SHIRT", 1, 100_000)], total=120_000)
    assert order.total == 120_000
    assert codes(order) == ["payments_differ", "total_differs", "unknown_sku"]


def test_goods_that_the_books_did_not_have_are_found(shop, now):
    order = record(shop, now, lines=[ToldLine("SHIRT", 7, 100_000)], payments=[ToldPayment("card", 700_000)])
    assert codes(order) == ["found_stock"]
    assert shop.on_hand(shop.shirt, shop.hanoi) == (0, 0)


def test_the_youngest_promise_gives_way_to_goods_that_left(shop, now):
    place(shop, [("SHIRT", 3)], now=now)
    younger = place(shop, [("SHIRT", 2)], now=now)
    order = record(shop, now, lines=[ToldLine("SHIRT", 1, 100_000)])
    assert codes(order) == ["promise_gave_way"]
    assert OrderException.objects.get(order=younger).code == "short"
    assert shop.on_hand(shop.shirt, shop.hanoi) == (4, 4)


def test_goods_owed_are_held_where_they_are_and_short_where_not(shop, now):
    fields = {"handed_over": False, "method": "delivery", "location": None, "address": {"line1": "1 Lê Lợi"}}
    order = record(shop, now, lines=[ToldLine("SHIRT", 30, 100_000)], payments=[], **fields)
    assert order.status == "placed"
    assert codes(order) == ["payments_differ", "short"]
    assert order.exceptions.get(code="short").details["quantity"] == 5
    assert shop.on_hand(shop.shirt, shop.depot) == (20, 20)


def test_it_comes_back_like_any_other(shop, now):
    order = record(shop, now)
    _of, refunded = return_goods(
        order_id=order.pk, location=shop.saigon, lines=[ReturnWish("SHIRT", 1)], by="test", now=now
    )
    assert refunded.amount == 100_000


def test_a_channel_tells_it_over_the_api(shop):
    body = {"external_id": "S-1", "lines": [{"sku": "SHIRT", "quantity": 1, "unit_price": 90_000}], "total": 90_000}
    api = Api(shop.web)
    first, again = api.post("channel-orders", body), api.post("channel-orders", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert [gap["code"] for gap in first.json()["exceptions"]] == ["payments_differ"]
