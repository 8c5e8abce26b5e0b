"""The order's page in the desk: it shows one next step, and taking it calls the same use case as the API."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from omni.core import clock
from omni.core.models import StaffPlace
from orders import pickup
from orders.models import Order
from tests.factories.core import StaffFactory
from tests.factories.orders import place

pytestmark = pytest.mark.django_db
MAY = ["view_order", "change_order", "view_fulfilment", "change_fulfilment", "add_return", "add_payment"]


@pytest.fixture
def order(shop) -> Order:
    return place(shop, [("SHIRT", 2)], now=clock.now())


def colleague(*places, may=MAY) -> Client:
    user = StaffFactory()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="orders", codename__in=may))
    for location in places:
        StaffPlace.objects.create(user=user, location=location)
    client = Client()
    client.force_login(user)
    return client


def step(client, order, verb, row=None, **told):
    return client.post(reverse("admin:orders_order_step", args=[order.pk, verb, row.pk if row else 0]), told)


def test_a_clerk_takes_an_order_from_the_shelf_to_the_customer(shop, order):
    clerk = colleague(shop.hanoi)
    row = order.fulfilments.get()
    page = clerk.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert f"/step/accept/{row.pk}/" in page
    for verb in ("pick", "ready"):
        assert step(clerk, order, verb, row).status_code == 302
    _code, qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=clock.now())
    wrong = step(clerk, order, "collect", row, code="WRONGONE")
    assert 'role="alert"' in wrong.content.decode()
    assert step(clerk, order, "collect", row, code=qr).status_code == 302
    order.refresh_from_db()
    assert order.status == "completed"
    told = {"location": shop.hanoi.pk, "condition": "sellable", "refund_to": "original", "line-SHIRT": 1}
    assert step(clerk, order, "return", **told).status_code == 302
    assert order.lines.get().returned == 1


def test_a_clerk_of_another_store_sees_nothing_of_it(shop, order):
    clerk = colleague(shop.saigon)
    row = order.fulfilments.get()
    assert clerk.get(reverse("admin:orders_order_change", args=[order.pk])).status_code == 302
    assert step(clerk, order, "pick", row).status_code == 404
    row.refresh_from_db()
    assert row.status == "new"


def test_who_may_only_look_takes_no_step(shop, order):
    reader = colleague(shop.hanoi, may=["view_order"])
    row = order.fulfilments.get()
    assert (
        f"/step/accept/{row.pk}/"
        not in reader.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    )
    assert step(reader, order, "pick", row).status_code == 403


def test_only_a_manager_unlocks_a_code(shop, order):
    row = order.fulfilments.get()
    assert step(colleague(shop.hanoi), order, "unlock", row, reason="seen").status_code == 403
    manager = colleague(shop.hanoi, may=[*MAY, "unlock_pickup"])
    assert step(manager, order, "unlock", row, reason="seen").status_code == 302


def test_every_list_opens(shop, order, admin_client):
    for model in admin.site._registry:
        if model._meta.app_label == "orders":
            page = admin_client.get(reverse(f"admin:orders_{model._meta.model_name}_changelist"))
            assert page.status_code == 200, model


def test_orders_are_listed_by_store(shop, order, admin_client):
    page = reverse("admin:orders_order_changelist")
    here = {"store": shop.hanoi.pk, "currency": "VND", "status__in": "placed,completed", "placed_at__gte": "2020-01-01"}
    assert order.number in admin_client.get(page, here).content.decode()
    assert order.number not in admin_client.get(page, here | {"store": shop.saigon.pk}).content.decode()


def test_every_model_has_a_page():
    from django.apps import apps

    assert set(apps.get_app_config("orders").get_models()) - set(admin.site._registry) == set()
