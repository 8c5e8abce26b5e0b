"""An order promises goods for money, or refuses and takes nothing."""

from datetime import timedelta

import pytest

from catalog.models import Reservation, StockLevel
from catalog.prices import set_price
from customers.models import CustomerFacts
from loyalty.balances import balance_of
from omni.core.models import OutboxMessage
from orders.agreeing import NewOrder, PriceChanged, QuoteExpired
from orders.models import Order, Payment, Quote
from orders.paying import NewPayment
from orders.placing import place_order
from orders.quotes import make_quote
from tests.factories.customers import person
from tests.factories.loyalty import give_points
from tests.factories.orders import place, refused

pytestmark = pytest.mark.django_db
BOPIS = {"method": "bopis", "location": "hanoi"}


def test_a_paid_pickup_order_is_placed_and_holds_stock_at_that_store(shop, now):
    order = place(shop, [("SHIRT", 2), ("SOCKS", 1)], now=now)
    assert order.number.startswith("W-")
    assert order.status == "placed"
    assert order.total == 233_333
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 2)
    row = order.fulfilments.get()
    assert (row.method, row.status, row.source, row.pickup) == ("bopis", "new", shop.hanoi, shop.hanoi)
    assert OutboxMessage.objects.filter(kind="order.placed", key=order.number).count() == 1


def test_the_same_basket_costs_the_same_on_every_channel(shop, now):
    lan = person("Lan", phone="0912345678").customer
    totals = {
        make_quote(channel=channel, customer_id=lan.pk, lines=[("SHIRT", 1), ("SOCKS", 3)], now=now).total
        for channel in (shop.web, shop.app, shop.till, shop.call)
    }
    assert totals == {199_999}


def test_too_little_stock_is_refused_whole_and_says_where_else(shop, now):
    with refused("out_of_stock") as caught:
        place(shop, [("SHIRT", 6), ("SOCKS", 1)], now=now)
    assert caught.value.details["lines"] == [
        {"sku": "SHIRT", "requested": 6, "available": 5, "elsewhere": [{"location": "depot", "atp": 20}]}
    ]


def test_a_live_quote_is_honoured_though_the_price_has_changed(shop, now):
    quote = make_quote(channel=shop.app, customer_id=None, lines=[("SHIRT", 1)], fulfilment=BOPIS, now=now)
    later = now + timedelta(minutes=10)
    set_price(sku="SHIRT", currency="VND", amount=150_000, reason="up", by="test", now=later)
    wish = NewOrder(quote=quote.pk, fulfilment=BOPIS, payments=[NewPayment("card", 100_000)])
    order = place_order(channel=shop.web, wish=wish, by="test", now=later + timedelta(minutes=1))
    assert order.total == 100_000


def test_an_ended_quote_is_refused_with_a_new_one(shop, now):
    quote = make_quote(channel=shop.web, customer_id=None, lines=[("SHIRT", 1)], fulfilment=BOPIS, now=now)
    later = now + timedelta(minutes=31)
    wish = NewOrder(quote=quote.pk, fulfilment=BOPIS, payments=[NewPayment("card", 100_000)])
    with pytest.raises(QuoteExpired) as caught:
        place_order(channel=shop.web, wish=wish, by="test", now=later)
    assert Quote.objects.filter(pk=caught.value.details["quote"]["id"]).exists()
    assert not Order.objects.exists()


def test_another_total_than_expected_is_refused_with_a_quote(shop, now):
    wish = NewOrder(lines=[("SHIRT", 1)], expected_total=90_000, fulfilment=BOPIS)
    with pytest.raises(PriceChanged) as caught:
        place_order(channel=shop.web, wish=wish, by="test", now=now)
    assert caught.value.details["quote"]["total"] == 100_000


def test_a_quote_stands_for_its_own_basket_only(shop, now):
    quote = make_quote(channel=shop.web, customer_id=None, lines=[("SHIRT", 1)], fulfilment=BOPIS, now=now)
    wish = NewOrder(quote=quote.pk, lines=[("SHIRT", 2)], fulfilment=BOPIS)
    with refused("quote_mismatch"):
        place_order(channel=shop.web, wish=wish, by="test", now=now)


def test_more_money_than_owed_is_refused(shop, now):
    wish = NewOrder(lines=[("SHIRT", 1)], fulfilment=BOPIS, payments=[NewPayment("card", 100_001)])
    with refused("payment_mismatch"):
        place_order(channel=shop.web, wish=wish, by="test", now=now)
    assert not Payment.objects.exists()


def test_less_money_waits_and_holds_the_stock(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, pay=None)
    assert order.status == "awaiting_payment"
    assert order.held_until == now + timedelta(minutes=15)
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 1)


def test_the_same_external_id_gives_the_first_order(shop, now):
    first = place(shop, [("SHIRT", 1)], now=now, external_id="A-1")
    again = place(shop, [("SHIRT", 2)], now=now, external_id="A-1")
    assert again == first
    assert Order.objects.count() == 1
    assert Reservation.objects.count() == 1


def test_a_till_sale_is_done_at_once(shop, now):
    lan = person("Lan", phone="0912345678", now=now).customer
    wish = NewOrder(lines=[("SHIRT", 1)], customer=lan.pk, payments=[NewPayment("cash", 100_000, tendered=200_000)])
    order = place_order(channel=shop.till, wish=wish, location=shop.hanoi, by="test", now=now)
    assert order.status == "completed"
    assert order.payments.get().change == 100_000
    assert shop.on_hand(shop.shirt, shop.hanoi) == (4, 0)
    assert order.points_earned == 100
    assert CustomerFacts.objects.get(pk=lan.pk).orders_count == 1
    records = [order.source_record_id]
    assert balance_of(records).pending == 100


def test_points_pay_and_leave_the_total_as_it_is(shop, now):
    known = person("Lan", phone="0912345678", now=now)
    give_points(known.source_record.pk, 300, order="OLD", now=now - timedelta(days=1))
    order = place(shop, [("SHIRT", 1)], now=now, customer=known.customer.pk, points_to_spend=300)
    assert order.total == 100_000
    assert order.points_spent == 300
    assert sorted(order.payments.values_list("tender", "amount")) == [("card", 70_000), ("points", 30_000)]
    balance = balance_of([known.source_record.pk])
    assert (balance.available, balance.held) == (0, 300)


def test_more_points_than_there_are_take_nothing(shop, now):
    known = person("Lan", phone="0912345678", now=now)
    with refused("points_short"):
        place(shop, [("SHIRT", 1)], now=now, customer=known.customer.pk, points_to_spend=300)


def test_delivery_goes_from_where_everything_is(shop, now):
    order = place(shop, [("SHIRT", 2)], now=now, method="delivery", location=None, address={"line1": "1 Lê Lợi"})
    assert order.fulfilments.get().source == shop.depot
    assert order.charges_total == 30_000


def test_delivery_is_split_where_no_place_has_everything(shop, now):
    order = place(
        shop, [("SHIRT", 6), ("SOCKS", 2)], now=now, method="delivery", location=None, address={"line1": "1 Lê Lợi"}
    )
    assert {row.source.code for row in order.fulfilments.all()} == {"hanoi", "depot"}
    assert sum(part.quantity for row in order.fulfilments.all() for part in row.lines.all()) == 8
    assert sum(StockLevel.objects.values_list("reserved", flat=True)) == 8


def test_goods_to_collect_come_from_elsewhere(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, method="click_and_collect", location="saigon")
    row = order.fulfilments.get()
    assert (row.source, row.pickup) == (shop.depot, shop.saigon)


def test_nothing_is_promised_that_nobody_has(shop, now):
    with refused("out_of_stock"):
        place(shop, [("SHIRT", 26)], now=now, method="delivery", location=None, address={"line1": "1 Lê Lợi"})
    assert not StockLevel.objects.filter(reserved__gt=0).exists()


def test_points_beyond_the_total_stay_with_the_member_also_through_a_quote(shop, now):
    known = person("Lan", phone="0912345678", now=now)
    give_points(known.source_record.pk, 2_000, order="OLD", now=now - timedelta(days=1))
    quote = make_quote(
        channel=shop.app,
        customer_id=known.customer.pk,
        lines=[("SHIRT", 1)],
        fulfilment=BOPIS,
        points_to_spend=2_000,
        now=now,
    )
    wish = NewOrder(quote=quote.pk, customer=known.customer.pk, fulfilment=BOPIS, points_to_spend=2_000)
    order = place_order(channel=shop.web, wish=wish, by="test", now=now)
    assert (order.status, order.points_spent) == ("placed", 1_000)
    assert balance_of([known.source_record.pk]).available == 1_000
