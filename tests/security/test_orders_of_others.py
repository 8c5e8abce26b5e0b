"""Whose order, cart and card it is: tokens and tills reach their own."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from omni.core import clock
from omni.core.keys import issue_customer_token
from orders.models import Order
from tests.factories.customers import person
from tests.factories.orders import Api, place

pytestmark = pytest.mark.django_db
SHIRT = [{"sku": "SHIRT", "quantity": 1}]
PICKUP = {"method": "bopis", "location": "hanoi"}


def customer_api(who, channel):
    token, _expires = issue_customer_token(source_record=who.source_record.pk, channel=channel, now=clock.now())
    api = Api(channel)
    api.client = APIClient(headers={"Authorization": f"Bearer {token}"})
    return api


@pytest.fixture
def eve():
    return person("Eve Trần", phone="0987654321", verified=True)


def test_a_guessed_external_id_shows_nobody_elses_order(shop, eve):
    lan = person("Nguyễn Thị Lan", phone="0912345678", verified=True)
    place(shop, [("SHIRT", 1)], now=clock.now(), customer=lan.customer.pk, external_id="WEB-1")
    body = {"lines": SHIRT, "fulfilment": PICKUP, "external_id": "WEB-1"}
    answer = customer_api(eve, shop.web).post("orders", body)
    assert answer.status_code == 404
    assert "0912345678" not in answer.content.decode()


def test_a_cart_of_somebody_else_cannot_be_ordered(shop, eve):
    lan = person("Nguyễn Thị Lan", phone="0912345678", verified=True)
    cart = Api(shop.web).post("carts", {"customer": str(lan.customer.pk), "lines": SHIRT}).json()["id"]
    body = {"cart": cart, "fulfilment": PICKUP}
    assert customer_api(eve, shop.web).post("orders", body).status_code == 404
    assert not Order.objects.exists()


@pytest.mark.parametrize("tender", ["cod", "transfer"])
def test_a_customer_cannot_say_that_they_carried_goods_out(shop, eve, tender):
    body = {
        "lines": SHIRT,
        "fulfilment": {"method": "carry_out", "location": "hanoi"},
        "payments": [{"tender": tender, "amount": 100_000}],
    }
    before = shop.on_hand(shop.shirt, shop.hanoi)
    assert customer_api(eve, shop.till).post("orders", body).status_code in {403, 422}
    assert shop.on_hand(shop.shirt, shop.hanoi) == before
    assert not Order.objects.exists()


def test_a_till_changes_no_order_of_another_store(shop):
    order = place(shop, [("SHIRT", 2)], now=clock.now(), pay="transfer")
    payment = order.payments.get()
    here, elsewhere = Api(shop.till, shop.hanoi), Api(shop.till, shop.saigon)
    for path, body in (
        (f"orders/{order.number}/cancel", {"reason": "x"}),
        (f"orders/{order.number}/edit", {"lines": SHIRT}),
        (f"payments/{payment.pk}/confirm", {}),
    ):
        assert elsewhere.post(path, body).status_code == 403, path
    assert Order.objects.get().status == "awaiting_payment"
    assert elsewhere.get(f"orders/{order.number}").status_code == 200
    assert here.post(f"payments/{payment.pk}/confirm").status_code == 200


def test_gift_card_numbers_are_not_guessed_by_paying(shop, eve):
    own = customer_api(eve, shop.web)
    body = {
        "lines": SHIRT,
        "fulfilment": PICKUP,
        "payments": [{"tender": "gift_card", "amount": 1000, "reference": "AAAA-BBBB-CCCC-DDDD"}],
    }
    answers = [own.post("orders", body) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert own.post("orders", {**body, "payments": []}).status_code == 201


def test_a_preview_is_not_the_answer_to_the_edit(shop):
    order = place(shop, [("SHIRT", 2)], now=clock.now())
    web = Api(shop.web)
    body = {"lines": SHIRT}
    assert web.post(f"orders/{order.number}/edit?preview=true", body, key="k").status_code == 200
    assert web.post(f"orders/{order.number}/edit", body, key="k").json()["error"]["code"] == "idempotency_mismatch"


def test_passwords_of_the_desk_are_not_guessed(client, db):
    User.objects.create_user("minh", password="right-and-long", is_staff=True)
    told = {"username": "minh", "password": "wrong"}
    for _ in range(10):
        client.post("/admin/login/", told)
    client.post("/admin/login/", told | {"password": "right-and-long"})
    assert "_auth_user_id" not in client.session
    User.objects.create_user("lan", password="right-and-long", is_staff=True)
    client.post("/admin/login/", {"username": "lan", "password": "right-and-long"})
    assert "_auth_user_id" in client.session
