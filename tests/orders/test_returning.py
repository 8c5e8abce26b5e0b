"""What comes back or is cancelled: money, points and stock right to the unit."""

from datetime import timedelta

import pytest

from catalog.models import Promotion
from loyalty import gift_cards
from loyalty.balances import balance_of
from loyalty.earning import release_due
from loyalty.store_credit import balance_of_credit
from orders.agreeing import NewOrder
from orders.cancelling import LineWish, cancel_order
from orders.editing import edit_order, preview_edit
from orders.models import Refund, Return
from orders.paying import NewPayment, add_payments, confirm_payment
from orders.placing import place_order
from orders.returning import ReturnWish, return_goods
from tests.factories.catalog import PromotionFactory
from tests.factories.customers import person
from tests.factories.loyalty import give_points
from tests.factories.orders import place, refused

pytestmark = pytest.mark.django_db
BY = {"by": "test"}


def sell(shop, lines, now, **fields):
    """A sale at Hanoi's till."""
    pay = fields.pop("pay", "cash")
    return place(
        shop, lines, now=now, method="carry_out", location=None, pay=pay, channel=shop.till, till=shop.hanoi, **fields
    )


def bring_back(shop, order, sku, quantity, now, **fields):
    wish = ReturnWish(sku, quantity, "too small", fields.pop("condition", "sellable"))
    return return_goods(order_id=order.pk, location=shop.saigon, lines=[wish], now=now, **BY, **fields)


def test_three_units_at_an_odd_price_come_back_to_the_unit(shop, now):
    PromotionFactory(kind="percent_off", params={"percent": 10})
    order = sell(shop, [("SOCKS", 3)], now)
    worth = order.total
    assert worth % 3
    parts = [bring_back(shop, order, "SOCKS", 1, now)[1].amount for _unit in range(3)]
    assert sum(parts) == worth
    assert max(parts) - min(parts) <= 1
    assert order.payments.get().refunded == worth


def test_a_return_at_another_store_restocks_there_only_what_is_sellable(shop, now):
    order = sell(shop, [("SOCKS", 2)], now)
    bring_back(shop, order, "SOCKS", 1, now)
    bring_back(shop, order, "SOCKS", 1, now, condition="damaged")
    assert shop.on_hand(shop.socks, shop.hanoi) == (7, 0)
    assert shop.on_hand(shop.socks, shop.saigon) == (10, 0)


def test_promotions_stay_as_they_were_given(shop, now):
    promotion = PromotionFactory(kind="percent_off", params={"percent": 50})
    order = sell(shop, [("SHIRT", 2)], now)
    Promotion.objects.filter(pk=promotion.pk).update(active=False)
    assert bring_back(shop, order, "SHIRT", 1, now)[1].amount == 50_000


def test_more_than_was_handed_over_does_not_come_back(shop, now):
    order = sell(shop, [("SOCKS", 2)], now)
    with refused("over_return") as caught:
        bring_back(shop, order, "SOCKS", 3, now)
    assert caught.value.details == {"sku": "SOCKS", "can_return": 2}
    assert not Return.objects.exists()
    assert order.payments.get().refunded == 0


def test_points_earned_are_taken_back_in_proportion(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    order = sell(shop, [("SHIRT", 2)], now, customer=lan.customer.pk)
    of, _refunded = bring_back(shop, order, "SHIRT", 1, now)
    assert of.points_taken_back == 100
    assert balance_of([lan.source_record.pk]).pending == 100
    release_due(now=now + timedelta(days=31))
    assert balance_of([lan.source_record.pk]).available == 100
    bring_back(shop, order, "SHIRT", 1, now + timedelta(days=32))
    assert balance_of([lan.source_record.pk]).available == 0


def test_points_spent_come_back_first(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    give_points(lan.source_record.pk, 400, order="OLD", now=now - timedelta(days=1))
    order = sell(shop, [("SHIRT", 2)], now, customer=lan.customer.pk, points_to_spend=400)
    of, refunded = bring_back(shop, order, "SHIRT", 1, now)
    assert {refund.tender: refund.amount for refund in refunded.refunds} == {"points": 40_000, "cash": 60_000}
    assert of.points_given_back == 400
    # 160,000 paid in money earned 160; half of the goods came back.
    assert of.points_taken_back == 80
    balance = balance_of([lan.source_record.pk])
    assert (balance.available, balance.pending) == (400, 80)


def test_a_gift_card_is_restored_before_money(shop, now):
    card = gift_cards.issue(amount=80_000, currency="VND", now=now, **BY)
    number = gift_cards.tell_number(gift_card_id=card.pk, now=now)
    wish = NewOrder(
        lines=[("SHIRT", 2)], payments=[NewPayment("gift_card", 80_000, number), NewPayment("cash", 120_000)]
    )
    order = place_order(channel=shop.till, wish=wish, location=shop.hanoi, now=now, **BY)
    assert order.payments.get(tender="gift_card").reference == card.last4
    bring_back(shop, order, "SHIRT", 1, now)
    assert gift_cards.balance(number, now=now).balance == 80_000
    assert order.payments.get(tender="cash").refunded == 20_000


def test_a_return_may_become_store_credit(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    order = sell(shop, [("SHIRT", 1)], now, customer=lan.customer.pk)
    bring_back(shop, order, "SHIRT", 1, now, refund_to="store_credit")
    assert balance_of_credit([lan.source_record.pk], "VND") == 100_000
    again = sell(shop, [("SHIRT", 1)], now, customer=lan.customer.pk, pay="store_credit")
    assert again.status == "completed"
    assert balance_of_credit([lan.source_record.pk], "VND") == 0


def test_cancelling_gives_everything_back(shop, now):
    order = place(shop, [("SHIRT", 2)], now=now, method="delivery", location=None, address={"line1": "1 Lê Lợi"})
    cancel_order(order_id=order.pk, lines=None, reason="changed mind", now=now, **BY)
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.payments.get().refunded == order.total == 230_000
    assert shop.on_hand(shop.shirt, shop.depot) == (20, 0)


def test_cancelling_a_part_keeps_the_rest(shop, now):
    order = place(shop, [("SOCKS", 3)], now=now)
    cancel_order(order_id=order.pk, lines=[LineWish("SOCKS", 1)], reason="one less", now=now, **BY)
    order.refresh_from_db()
    assert order.status == "placed"
    assert order.payments.get().refunded == 33_333
    assert shop.on_hand(shop.socks, shop.hanoi) == (9, 2)
    assert order.fulfilments.get().lines.get().quantity == 2


def test_what_was_handed_over_cannot_be_cancelled(shop, now):
    order = sell(shop, [("SHIRT", 1)], now)
    with refused("too_late"):
        cancel_order(order_id=order.pk, lines=None, reason="x", now=now, **BY)
    assert not Refund.objects.exists()


def test_editing_shows_and_then_makes_the_difference(shop, now):
    order = place(shop, [("SHIRT", 3)], now=now)
    shown = preview_edit(order_id=order.pk, lines=[("SHIRT", 1)])
    assert (shown["difference"], shown["refund"], shown["total"]) == (-200_000, 200_000, 100_000)
    assert not Refund.objects.exists()
    edit_order(order_id=order.pk, lines=[("SHIRT", 1)], now=now, **BY)
    assert order.payments.get().refunded == 200_000
    with refused("not_offered"):
        edit_order(order_id=order.pk, lines=[("SHIRT", 5)], now=now, **BY)


def test_a_transfer_counts_once_it_has_come(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, pay="transfer")
    assert order.status == "awaiting_payment"
    confirm_payment(payment_id=order.payments.get().pk, now=now, **BY)
    order.refresh_from_db()
    assert (order.status, order.held_until) == ("placed", None)
    with refused("not_pending"):
        confirm_payment(payment_id=order.payments.get().pk, now=now, **BY)


def test_the_rest_may_be_paid_later_but_not_more(shop, now):
    wish = NewOrder(
        lines=[("SHIRT", 1)],
        fulfilment={"method": "bopis", "location": "hanoi"},
        payments=[NewPayment("card", 40_000)],
    )
    order = place_order(channel=shop.web, wish=wish, now=now, **BY)
    with refused("payment_mismatch"):
        add_payments(order_id=order.pk, payments=[NewPayment("card", 60_001)], now=now, **BY)
    add_payments(order_id=order.pk, payments=[NewPayment("card", 60_000)], now=now, **BY)
    order.refresh_from_db()
    assert order.status == "placed"
    with refused("not_payable"):
        add_payments(order_id=order.pk, payments=[NewPayment("card", 1)], now=now, **BY)


def test_points_are_no_tender(shop, now):
    wish = NewOrder(
        lines=[("SHIRT", 1)],
        fulfilment={"method": "bopis", "location": "hanoi"},
        payments=[NewPayment("points", 100_000)],
    )
    with refused("points_not_a_tender"):
        place_order(channel=shop.web, wish=wish, now=now, **BY)
