"""The public names: who sees which order, and what each refusal is called."""

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from omni.core import clock
from omni.core.keys import issue_customer_token, issue_staff_token
from omni.core.models import StaffPlace
from orders.models import Order
from tests.factories.core import StaffFactory
from tests.factories.customers import person
from tests.factories.orders import Api, place

pytestmark = pytest.mark.django_db
PICKUP = {"method": "bopis", "location": "hanoi"}
SHIRT = [{"sku": "SHIRT", "quantity": 1}]


def order_of(shop, **fields):
    return place(shop, [("SHIRT", 1)], now=clock.now(), **fields)


def test_an_order_is_placed_and_read_back_the_same(shop):
    web = Api(shop.web)
    body = {"lines": SHIRT, "fulfilment": PICKUP, "payments": [{"tender": "card", "amount": 100_000}]}
    first = web.post("orders", body, key="k")
    assert first.status_code == 201
    assert first.json()["next_actions"] == ["accept", "pick", "reject", "cancel"]
    assert first.json()["points"] == {"spent": 0, "earned": 0}
    again = web.post("orders", body, key="k")
    assert again.content == first.content
    assert again.headers["Idempotent-Replay"] == "true"
    read = web.get(f"orders/{first.json()['number']}").json()
    assert read["lines"] == first.json()["lines"]
    assert Order.objects.count() == 1


def test_a_repeat_of_an_external_id_is_the_first_order(shop):
    web = Api(shop.web)
    body = {"lines": SHIRT, "fulfilment": PICKUP, "external_id": "X"}
    first, again = web.post("orders", body), web.post("orders", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({}, 400, "required", "lines"),
        ({"lines": SHIRT}, 400, "required", "fulfilment.method"),
        ({"lines": SHIRT, "fulfilment": {"method": "bopis"}}, 400, "required", "fulfilment.location"),
        ({"lines": SHIRT, "fulfilment": {"method": "delivery"}}, 400, "required", "fulfilment.address"),
        ({"lines": SHIRT, "fulfilment": {"method": "teleport"}}, 400, "invalid_choice", "fulfilment.method"),
        ({"lines": [{"sku": "NO", "quantity": 1}], "fulfilment": PICKUP}, 422, "unknown_sku", "lines[0].sku"),
        ({"lines": [{"sku": "SHIRT", "quantity": 0}], "fulfilment": PICKUP}, 422, "bad_quantity", "lines[0].quantity"),
        (
            {"lines": [{"sku": "SHIRT", "quantity": "2"}], "fulfilment": PICKUP},
            422,
            "bad_quantity",
            "lines[0].quantity",
        ),
        ({"lines": [{"sku": "SHIRT", "quantity": 99}], "fulfilment": PICKUP}, 409, "out_of_stock", None),
        ({"lines": SHIRT, "fulfilment": PICKUP, "customer": "999999"}, 404, "not_found", "customer"),
        ({"lines": SHIRT, "fulfilment": {"method": "bopis", "location": "depot"}}, 422, "method_not_offered", None),
        ({"lines": SHIRT, "fulfilment": {"method": "carry_out", "location": "hanoi"}}, 422, "method_not_offered", None),
    ],
)
def test_what_is_wrong_has_a_name(shop, body, status, code, param):
    answer = Api(shop.web).post("orders", body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert param is None or error["param"] == param
    assert not Order.objects.exists()


def test_points_are_not_a_payment(shop):
    body = {"lines": SHIRT, "fulfilment": PICKUP, "payments": [{"tender": "points", "amount": 100_000}]}
    assert Api(shop.web).post("orders", body).status_code == 422


def test_an_order_needs_an_idempotency_key(shop):
    answer = Api(shop.web).client.post("/api/v1/orders", {"lines": SHIRT}, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "idempotency_key_required")


def test_a_changed_price_answers_with_a_quote_that_can_be_used(shop):
    web = Api(shop.web)
    body = {"lines": SHIRT, "fulfilment": PICKUP, "expected_total": 1}
    answer = web.post("orders", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "price_changed")
    quote = answer.json()["error"]["details"]["quote"]
    assert web.get(f"quotes/{quote['id']}").json()["total"] == 100_000
    assert web.post("orders", {"quote": quote["id"], "fulfilment": PICKUP}).status_code == 201


def test_a_quote_explains_itself_and_holds_nothing(shop):
    answer = Api(shop.web).post("quotes", {"lines": SHIRT, "fulfilment": PICKUP})
    assert answer.status_code == 201
    assert {"id", "lines", "total", "points_earned", "points_value", "valid_until", "rejected"} <= set(answer.json())
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)


def test_each_caller_sees_their_own_orders(shop):
    lan, minh = person("Lan", phone="0912345678"), person("Minh", phone="0987654321")
    order = order_of(shop, customer=lan.customer.pk)
    path = f"orders/{order.number}"
    assert Api(shop.web).get(path).status_code == 200
    assert Api(shop.app).get(path).status_code == 404
    assert Api(shop.call).get(path).status_code == 200
    assert Api(shop.till, shop.saigon).get(path).status_code == 200
    assert Api(shop.till, shop.saigon).get("orders").json()["results"] == []
    assert [row["number"] for row in Api(shop.till, shop.hanoi).get("orders").json()["results"]] == [order.number]
    assert customer(shop, lan).get(path).status_code == 200
    assert customer(shop, minh).get(path).status_code == 404
    assert customer(shop, minh).get("orders").json()["results"] == []


def staff(*places, may=()) -> Api:
    """A colleague with these rights at these places."""
    user = StaffFactory()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="orders", codename__in=may))
    for location in places:
        StaffPlace.objects.create(user=user, location=location)
    return with_token(issue_staff_token(user=user, now=clock.now())[0])


def with_token(token: str) -> Api:
    api = Api.__new__(Api)
    api.client = APIClient(headers={"Authorization": f"Bearer {token}"})
    return api


def test_staff_see_what_their_role_and_stores_allow(shop):
    order = order_of(shop)
    path = f"orders/{order.number}"
    assert staff(shop.hanoi, may=["view_order"]).get(path).status_code == 200
    assert staff(shop.saigon, may=["view_order"]).get(path).status_code == 404
    assert staff(shop.hanoi).get(path).status_code == 403
    assert staff(may=["view_order"]).get(path).status_code == 200
    row = order.fulfilments.get()
    handler = ["view_order", "change_fulfilment"]
    assert staff(shop.hanoi, may=["view_order"]).post(f"fulfilments/{row.pk}/pick").status_code == 403
    assert staff(shop.hanoi, may=handler).post(f"fulfilments/{row.pk}/pick").status_code == 200


def test_store_staff_take_back_what_another_store_sold(shop):
    order = place(
        shop,
        [("SHIRT", 1)],
        now=clock.now(),
        method="carry_out",
        location=None,
        pay="cash",
        channel=shop.till,
        till=shop.hanoi,
    )
    body = {"location": "saigon", "lines": [{"sku": "SHIRT", "quantity": 1}]}
    path = f"orders/{order.number}/returns"
    assert staff(shop.hanoi, may=["add_return"]).post(path, body).status_code == 403
    assert staff(shop.saigon, may=["add_return"]).post(path, body).status_code == 201


def test_a_till_of_another_store_may_not_act(shop):
    row = order_of(shop).fulfilments.get()
    assert Api(shop.till, shop.saigon).post(f"fulfilments/{row.pk}/pick").status_code == 403
    assert Api(shop.web).post(f"fulfilments/{row.pk}/pick").status_code == 403
    assert Api(shop.till, shop.hanoi).post(f"fulfilments/{row.pk}/pick").status_code == 200


def test_only_the_customer_or_the_selling_channel_get_the_code(shop):
    lan = person("Lan", phone="0912345678")
    row = order_of(shop, customer=lan.customer.pk).fulfilments.get()
    assert Api(shop.till, shop.hanoi).post(f"fulfilments/{row.pk}/code").status_code == 403
    assert Api(shop.web).post(f"fulfilments/{row.pk}/code").status_code == 200
    assert customer(shop, lan).post(f"fulfilments/{row.pk}/code").status_code == 200


def test_a_customers_word_captures_no_money(shop):
    lan = person("Lan", phone="0912345678")
    body = {"lines": SHIRT, "fulfilment": PICKUP, "payments": [{"tender": "card", "amount": 100_000}]}
    assert customer(shop, lan).post("orders", body).status_code == 403
    assert customer(shop, lan).post("orders", {**body, "payments": []}).status_code == 201


def test_the_whole_story_over_the_api(shop):
    web, till, other = Api(shop.web), Api(shop.till, shop.hanoi), Api(shop.till, shop.saigon)
    body = {"lines": [{"sku": "SHIRT", "quantity": 2}], "fulfilment": PICKUP}
    order = web.post("orders", body | {"payments": [{"tender": "card", "amount": 200_000}]}).json()
    row = order["fulfilments"][0]["id"]
    assert [f["id"] for f in till.get("fulfilments", location="hanoi", status="new").json()["results"]] == [row]
    assert till.post(f"fulfilments/{row}/accept").status_code == 200
    assert till.post(f"fulfilments/{row}/pick", {"lines": [{"sku": "SHIRT", "quantity": 2}]}).status_code == 200
    assert till.post(f"fulfilments/{row}/ready").status_code == 200
    code = web.post(f"fulfilments/{row}/code").json()
    wrong = till.post(f"fulfilments/{row}/collect", {"code": "WRONGONE"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "wrong_code")
    done = till.post(f"fulfilments/{row}/collect", {"signed_qr": code["signed_qr"], "collected_by": "Lan"})
    assert done.json()["status"] == "completed"
    wish = {"sku": "SHIRT", "quantity": 1, "reason": "too small", "condition": "sellable"}
    back = other.post(
        f"orders/{order['number']}/returns", {"location": "saigon", "lines": [wish], "refund_to": "original"}
    )
    assert back.status_code == 201
    assert back.json()["refunds"] == [{"tender": "card", "amount": 100_000}]
    too_many = other.post(
        f"orders/{order['number']}/returns", {"location": "saigon", "lines": [wish | {"quantity": 2}]}
    )
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (409, "over_return")
    assert till.post(f"orders/{order['number']}/returns", {"location": "saigon", "lines": [wish]}).status_code == 403


def test_an_order_answer_takes_a_fixed_number_of_queries(shop, django_assert_max_num_queries):
    for _order in range(3):
        order_of(shop)
    web = Api(shop.web)
    with django_assert_max_num_queries(22):
        assert len(web.get("orders").json()["results"]) == 3


def customer(shop, known) -> Api:
    """A caller with this customer's own token."""
    return with_token(issue_customer_token(source_record=known.source_record.pk, channel=shop.app, now=clock.now())[0])
