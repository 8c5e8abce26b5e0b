"""What an order's page tells, in words; a return reckoned before it is done; exceptions settled with a note."""

import pytest
from django.test import Client
from django.urls import reverse

from omni.core import clock
from orders import pickup
from orders.models import Order, OrderException, Return
from orders.words import EVENTS, EXCEPTIONS
from tests.factories.orders import place
from tests.orders.test_desk import colleague, step

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop) -> Order:
    return place(shop, [("SHIRT", 2)], now=clock.now())


def page_of(client: Client, order: Order) -> str:
    address = reverse("admin:orders_order_change", args=[order.pk])
    return client.get(address, headers={"accept-language": "en"}).content.decode()


def handed_over(shop, order: Order) -> None:
    clerk = colleague(shop.hanoi)
    row = order.fulfilments.get()
    for verb in ("pick", "ready"):
        assert step(clerk, order, verb, row).status_code == 302
    pickup.collect(
        fulfilment_id=row.pk, code=pickup.issue_code(fulfilment_id=row.pk, now=clock.now())[0], by="x", now=clock.now()
    )


def test_money_has_its_currency_and_nothing_is_shown_as_braces(shop, order, admin_client):
    page = page_of(admin_client, order)
    main = page[page.index('id="main"') if 'id="main"' in page else 0 :]
    assert "₫" in main
    assert f">{order.total}<" not in main
    assert "&quot;" not in main.split("<form")[-1].split("</form>")[0]
    assert "Placed" in main


def test_a_return_is_reckoned_before_it_is_done(shop, order):
    handed_over(shop, order)
    clerk = colleague(shop.hanoi)
    told = {"location": shop.hanoi.pk, "condition": "sellable", "refund_to": "original", "line-SHIRT": 1}

    seen = step(clerk, order, "return", preview="1", **told)

    assert seen.status_code == 200
    assert "What goes back" in seen.content.decode() or "₫" in seen.content.decode()
    assert seen.context["seen"]["total"]
    assert not Return.objects.exists()
    assert order.lines.get().returned == 0
    assert step(clerk, order, "return", **told).status_code == 302
    assert order.lines.get().returned == 1


def test_nothing_chosen_is_told_and_nothing_comes_back(shop, order):
    handed_over(shop, order)
    told = {"location": shop.hanoi.pk, "condition": "sellable", "refund_to": "original"}
    answer = step(colleague(shop.hanoi), order, "return", **told)
    assert answer.status_code == 200
    assert answer.context["problem"]
    assert not Return.objects.exists()


def test_goods_come_back_at_another_store_than_they_were_bought(shop, order):
    handed_over(shop, order)
    clerk = colleague(shop.saigon)
    told = {"location": shop.saigon.pk, "condition": "sellable", "refund_to": "original", "line-SHIRT": 1}
    assert step(clerk, order, "return", **told).status_code == 302
    assert Return.objects.get().location == shop.saigon
    elsewhere = told | {"location": shop.hanoi.pk}
    assert step(clerk, order, "return", **elsewhere).status_code == 200
    assert Return.objects.count() == 1


def test_a_transfer_that_covers_the_order_is_the_next_step(shop, admin_client):
    order = place(shop, [("SHIRT", 1)], pay="transfer", now=clock.now())
    page = page_of(admin_client, order)
    assert page.index("/step/confirm/0/") < page.index("/step/cancel/0/")
    assert "/step/pay/0/" not in page or page.index("/step/confirm/0/") < page.index("/step/pay/0/")
    assert step(admin_client, order, "confirm").status_code == 302
    order.refresh_from_db()
    assert order.status == "placed"


def test_an_exception_is_settled_with_a_note_that_its_order_keeps(shop, order, admin_client):
    row = OrderException.objects.create(order=order, code="total_differs", details={"ours": 1}, raised_at=clock.now())
    address = reverse("admin:orders_orderexception_changelist")
    asked = {"action": "settle", "_selected_action": [row.pk]}
    assert b'name="note"' in admin_client.post(address, asked).content
    row.refresh_from_db()
    assert row.settled_at is None

    assert admin_client.post(address, asked | {"note": "Called the channel"}).status_code == 302

    row.refresh_from_db()
    assert (row.settled_at is not None, row.note) == (True, "Called the channel")
    assert order.events.get(kind="exception_settled").data["note"] == "Called the channel"
    # A second time changes nothing.
    admin_client.post(address, asked | {"note": "again"})
    row.refresh_from_db()
    assert row.note == "Called the channel"


def test_who_may_only_look_settles_nothing(shop, order):
    row = OrderException.objects.create(order=order, code="short", raised_at=clock.now())
    reader = colleague(may=["view_order", "view_orderexception"])
    told = {"action": "settle", "_selected_action": [row.pk], "note": "x"}
    reader.post(reverse("admin:orders_orderexception_changelist"), told)
    row.refresh_from_db()
    assert row.settled_at is None


def test_what_the_code_writes_has_words():
    assert EVENTS.keys() >= {"placed", "awaiting_payment", "collected", "refunded", "code_unlocked"}
    assert EXCEPTIONS.keys() >= {"short", "total_differs", "sale_not_found"}
