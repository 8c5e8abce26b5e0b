"""What customers are written, and what follows when they are joined or forgotten."""

from datetime import timedelta

import pytest
from django.utils import translation

from catalog.models import Product
from customers.identity import merge
from customers.models import CustomerFacts
from omni.core import clock
from orders import fulfilling, pickup
from orders.audit import CHECKS
from orders.cancelling import cancel_order
from orders.carts import create_cart
from orders.following import OrdersFollower
from orders.models import Cart, Order, Quote
from orders.notices import compose
from orders.quotes import make_quote
from orders.returning import ReturnWish, return_goods
from tests.factories.customers import person
from tests.factories.orders import place

pytestmark = pytest.mark.django_db
BY = {"by": "test"}


@pytest.fixture
def lan(shop, now):
    return person("Nguyễn Thị Lan", phone="0912345678", email="lan@example.com", now=now)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_placed_order_is_confirmed(shop, lan, now, language):
    order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
    mail = compose(kind="order.placed", order_number=order.number, data={}, now=now, language=language)
    assert mail is not None
    assert mail.to == "lan@example.com"
    assert order.number in mail.subject
    assert "100" in mail.text
    assert "<html" in mail.html


def test_a_mail_speaks_the_customers_language_whatever_was_spoken_at_the_sale(shop, lan, now):
    Product.objects.update(name_vi="Áo sơ mi", name_en="Shirt")
    with translation.override("en"):
        order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
        mail = compose(kind="order.placed", order_number=order.number, data={}, now=now, language="vi")
    assert mail is not None
    assert mail.subject == f"Đơn hàng {order.number} của bạn"
    assert "Chào Nguyễn Thị Lan" in mail.text
    assert "Áo sơ mi" in mail.text
    assert "Shirt" not in mail.text


def test_the_ready_mail_brings_a_fresh_code_that_works(shop, lan, now):
    order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
    row = order.fulfilments.get()
    data = {"fulfilment": row.pk}
    assert compose(kind="order.ready", order_number=order.number, data=data, now=now, language="vi") is None
    fulfilling.pick(fulfilment_id=row.pk, lines=None, now=now, **BY)
    fulfilling.ready(fulfilment_id=row.pk, now=now, **BY)
    mail = compose(kind="order.ready", order_number=order.number, data=data, now=now, language="en")
    assert mail is not None
    assert "<svg" in mail.html
    code = next(line for line in mail.text.splitlines() if line.startswith("Show this code")).split(":")[1]
    pickup.collect(fulfilment_id=row.pk, code=code.replace(" ", ""), now=now, **BY)


def test_a_name_in_a_mail_is_text_and_no_markup(shop, now):
    contact = {"name": "<b>Bob</b>", "email": "bob@example.com"}
    order = place(shop, [("SHIRT", 1)], now=now, contact=contact)
    mail = compose(kind="order.placed", order_number=order.number, data={}, now=now, language="en")
    assert mail is not None
    assert "<b>Bob" not in mail.html


def test_who_left_no_address_gets_no_mail(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, contact={"name": "Bob"})
    assert compose(kind="order.placed", order_number=order.number, data={}, now=now, language="en") is None


def test_joined_customers_have_one_open_cart_and_one_sum(shop, now):
    lan, other = person("Lan", phone="0912345678", now=now), person("Lan N", phone="0987654321", now=now)
    place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
    place(shop, [("SOCKS", 1)], now=now, customer=other.customer.pk)
    first = create_cart(channel=shop.web, customer_id=lan.customer.pk, lines=[("SHIRT", 1)], now=now)
    later = now + timedelta(minutes=1)
    create_cart(channel=shop.app, customer_id=other.customer.pk, lines=[("SHIRT", 2)], now=later)
    merge(keep=lan.customer, absorb=other.customer, reason="same person", by="test", now=now)
    OrdersFollower().merged(survivor=lan.customer.pk, absorbed=[other.customer.pk], now=now)
    assert Cart.objects.get(status="open") == first
    assert first.lines.get().quantity == 3
    facts = CustomerFacts.objects.get(pk=lan.customer.pk)
    assert (facts.orders_count, facts.totals) == (2, {"VND": 133_333})


def test_the_forgotten_leave_sums_and_no_name(shop, lan, now):
    order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk, note="call Lan")
    make_quote(channel=shop.web, customer_id=lan.customer.pk, lines=[("SHIRT", 1)], now=now)
    follower = OrdersFollower()
    assert follower.exported(source_records=[lan.source_record.pk])["orders"][0]["number"] == order.number
    assert follower.timeline(source_records=[lan.source_record.pk], before=None, limit=5)[0].about == order.number
    follower.erased(customer=lan.customer.pk, source_records=[lan.source_record.pk], now=now)
    order = Order.objects.get(pk=order.pk)
    assert (order.contact, order.note, order.total) == ({}, "", 100_000)
    assert not Quote.objects.exclude(customer=None).exists()


def test_the_audit_is_clean_after_a_busy_day_and_finds_what_is_bent(shop, lan):
    now = clock.now()
    done = place(
        shop,
        [("SHIRT", 2), ("SOCKS", 3)],
        now=now,
        method="carry_out",
        location=None,
        pay="cash",
        channel=shop.till,
        till=shop.hanoi,
        customer=lan.customer.pk,
    )
    return_goods(order_id=done.pk, location=shop.saigon, lines=[ReturnWish("SOCKS", 2)], now=now, **BY)
    place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
    gone = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk)
    cancel_order(order_id=gone.pk, lines=None, reason="x", now=now, **BY)
    for check in CHECKS:
        assert check.look().wrong == [], check.name
    done.lines.filter(sku="SOCKS").update(returned=1)
    wrong = [check.name for check in CHECKS if check.look().wrong]
    assert "orders: what lines count as returned is what returns hold" in wrong
