"""A cart begins on one channel and ends on another, with nothing to enter again."""

from datetime import timedelta

import pytest

from orders.carts import create_cart, joined_at_sign_in, set_customer, set_line
from orders.handoffs import hand_off, resume
from orders.models import Cart, Handoff
from tests.factories.catalog import CouponFactory, PromotionFactory
from tests.factories.customers import person
from tests.factories.orders import Api, refused

pytestmark = pytest.mark.django_db


def test_a_cart_goes_from_the_app_to_the_web_and_becomes_an_order(shop):
    lan = person("Lan", phone="0912345678").customer
    app, web = Api(shop.app), Api(shop.web)
    cart = app.post("carts", {"customer": str(lan.pk), "lines": [{"sku": "SHIRT", "quantity": 1}]}).json()
    assert cart["quote"]["total"] == 100_000
    assert cart["missing"] == ["fulfilment.method"]
    app.put(f"carts/{cart['id']}/fulfilment", {"method": "bopis", "location": "hanoi"})
    assert web.get(f"carts/{cart['id']}").status_code == 404
    code = app.post(f"carts/{cart['id']}/handoff").json()
    assert code["qr_svg"].startswith("<svg")
    resumed = web.post("carts/resume", {"code": code["code"]})
    assert resumed.status_code == 200
    assert resumed.json()["id"] == cart["id"]
    assert resumed.json()["missing"] == []
    placed = web.post("orders", {"cart": cart["id"], "payments": [{"tender": "card", "amount": 100_000}]})
    assert placed.status_code == 201, placed.json()
    assert placed.json()["customer"] == str(lan.pk)
    assert placed.json()["channel"] == "web"
    again = web.post("orders", {"cart": cart["id"]})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "cart_closed")
    assert again.json()["error"]["details"] == {"order": placed.json()["number"]}


def test_a_code_works_once_and_for_a_quarter_of_an_hour(shop, now):
    cart = create_cart(channel=shop.app, now=now)
    code = hand_off(cart_id=cart.pk, now=now).code
    assert not Handoff.objects.filter(fingerprint__contains=code).exists()
    resume(code=code.lower(), channel=shop.web, now=now + timedelta(minutes=14))
    with refused("wrong_code"):
        resume(code=code, channel=shop.web, now=now + timedelta(minutes=14))
    late = hand_off(cart_id=cart.pk, now=now).code
    with refused("wrong_code"):
        resume(code=late, channel=shop.web, now=now + timedelta(minutes=15))


def test_a_guest_is_asked_for_what_is_missing_and_no_more(shop):
    web = Api(shop.web)
    cart = web.post("carts").json()
    assert cart["missing"] == ["lines", "contact.name", "contact.phone", "fulfilment.method"]
    web.put(f"carts/{cart['id']}/lines/SHIRT", {"quantity": 2})
    told = {"method": "delivery", "contact": {"name": "Bob", "email": "bob@example.com"}}
    shown = web.put(f"carts/{cart['id']}/fulfilment", told).json()
    assert shown["missing"] == ["fulfilment.address"]
    assert shown["quote"]["charges"] == [{"code": "delivery", "amount": 30_000}]


def test_lines_are_set_and_zero_takes_them_out(shop):
    web = Api(shop.web)
    cart = web.post("carts", {"lines": [{"sku": "SHIRT", "quantity": 1}]}).json()
    assert web.put(f"carts/{cart['id']}/lines/SHIRT", {"quantity": 0}).json()["lines"] == []
    refusal = web.put(f"carts/{cart['id']}/lines/SHIRT", {"quantity": 1.5})
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (422, "bad_quantity")
    refusal = web.put(f"carts/{cart['id']}/lines/NOTHING", {"quantity": 1})
    assert (refusal.status_code, refusal.json()["error"]["code"]) == (422, "unknown_sku")


def test_a_coupon_shows_what_it_gives(shop):
    CouponFactory(code="TEN", promotion=PromotionFactory(needs_coupon=True))
    web = Api(shop.web)
    cart = web.post("carts", {"lines": [{"sku": "SHIRT", "quantity": 1}]}).json()
    assert web.post(f"carts/{cart['id']}/coupons", {"code": "ten"}).json()["quote"]["total"] == 90_000
    assert web.delete(f"carts/{cart['id']}/coupons/TEN").json()["quote"]["total"] == 100_000


def test_who_signs_in_keeps_both_carts(shop, now):
    known = person("Lan", phone="0912345678", now=now)
    own = create_cart(channel=shop.app, customer_id=known.customer.pk, lines=[("SHIRT", 1)], now=now)
    guest = create_cart(channel=shop.web, lines=[("SHIRT", 2), ("SOCKS", 1)], now=now)
    told = joined_at_sign_in(source_record=known.source_record, channel=shop.web, cart=str(guest.pk), now=now)
    assert told == {
        "id": str(own.pk),
        "changes": [
            {"sku": "SHIRT", "before": 1, "added": 2, "quantity": 3},
            {"sku": "SOCKS", "before": 0, "added": 1, "quantity": 1},
        ],
    }
    guest.refresh_from_db()
    assert guest.status == Cart.Status.MERGED


def test_whoever_knows_the_id_of_a_merged_cart_is_led_on(shop, now):
    """A front end that keeps using the id it began with changes, shows and orders the cart that took it in."""
    known = person("Lan", phone="0912345678", now=now)
    own = create_cart(channel=shop.app, customer_id=known.customer.pk, lines=[("SHIRT", 1)], now=now)
    guest = create_cart(channel=shop.web, lines=[("SOCKS", 1)], now=now)
    set_customer(cart_id=guest.pk, customer_id=known.customer.pk, channel=shop.web, now=now)
    changed = set_line(cart_id=guest.pk, sku="SHIRT", quantity=2, channel=shop.web, now=now)
    assert changed.pk == own.pk
    web = Api(shop.web)
    assert web.get(f"carts/{guest.pk}").json()["id"] == str(own.pk)
    placed = web.post(
        "orders",
        {
            "cart": str(guest.pk),
            "fulfilment": {"method": "bopis", "location": "hanoi"},
            "payments": [],
        },
    )
    assert placed.status_code == 201
    assert {line["sku"]: line["quantity"] for line in placed.json()["lines"]} == {"SHIRT": 2, "SOCKS": 1}


def test_a_guest_cart_simply_becomes_theirs(shop, now):
    known = person("Lan", phone="0912345678", now=now)
    guest = create_cart(channel=shop.web, lines=[("SHIRT", 2)], now=now)
    told = joined_at_sign_in(source_record=known.source_record, channel=shop.web, cart=str(guest.pk), now=now)
    assert told == {"id": str(guest.pk), "changes": []}
    guest.refresh_from_db()
    assert guest.source_record == known.source_record


def test_somebody_elses_cart_stays_theirs(shop, now):
    lan, minh = person("Lan", phone="0912345678", now=now), person("Minh", phone="0987654321", now=now)
    cart = create_cart(channel=shop.app, customer_id=lan.customer.pk, lines=[("SHIRT", 1)], now=now)
    told = joined_at_sign_in(source_record=minh.source_record, channel=shop.app, cart=str(cart.pk), now=now)
    assert told is None
    cart.refresh_from_db()
    assert cart.source_record == lan.source_record


def test_a_customer_has_one_open_cart(shop, now):
    lan = person("Lan", phone="0912345678", now=now).customer
    first = create_cart(channel=shop.app, customer_id=lan.pk, lines=[("SHIRT", 1)], now=now)
    second = create_cart(channel=shop.web, customer_id=lan.pk, lines=[("SHIRT", 1)], now=now)
    assert first == second
    assert second.lines.get().quantity == 2


def test_a_closed_cart_does_not_change(shop, now):
    cart = create_cart(channel=shop.app, lines=[("SHIRT", 1)], now=now)
    Cart.objects.filter(pk=cart.pk).update(status="ordered")
    with refused("cart_closed"):
        set_line(cart_id=cart.pk, sku="SHIRT", quantity=2, channel=shop.app, now=now)
    assert cart.lines.get().quantity == 1


def test_the_page_behind_the_qr_says_what_to_do_and_looks_nothing_up(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        page = client.get("/cart/agt5tvzaqd", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "AGT5TVZAQD" in page.content.decode()
