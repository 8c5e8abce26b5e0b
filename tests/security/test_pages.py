"""The desk's pages: what people typed runs nowhere, nothing makes a page fail, and browsers are told what may load."""

import logging
import sys
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from customers.models import Customer, Identifier
from omni.core import clock
from omni.core.logs import LineFormatter
from omni.desk.floor.once import new_key
from orders.models import Fulfilment, Order
from tests.factories.core import StaffFactory
from tests.factories.customers import person
from tests.factories.orders import place

pytestmark = pytest.mark.django_db
EVIL = "<script>alert(1)</script>"
ASKED = ("\x00", "' OR 1=1 --", "😀", "9" * 5000, "x" * 3000, "2026-02-30", "-1", "", "[]", "9999-12-31", "0001-01-01")


@pytest.fixture
def desk():
    client = Client(raise_request_exception=False)
    client.force_login(StaffFactory.create(is_superuser=True))
    return client


@pytest.fixture
def evil_order(shop):
    who = person(f"Lan {EVIL}", phone="0912345678", email="lan@example.com", card=f"C{EVIL}", verified=True)
    contact = {"name": EVIL, "phone": EVIL, "email": EVIL}
    return place(
        shop, [("SHIRT", 1)], now=clock.now(), customer=who.customer.pk, contact=contact, note=EVIL, external_id=EVIL,
        sold_by=EVIL,
    )  # fmt: skip


def test_what_people_typed_runs_on_no_page(desk, evil_order):
    row = Fulfilment.objects.get()
    customer = Customer.objects.get()
    desk.post("/admin/floor/store/", {"store": "hanoi"})
    pages = [
        reverse("admin:customers_customer_change", args=[customer.pk]),
        reverse("admin:customers_customer_changelist"),
        reverse("admin:orders_order_change", args=[evil_order.pk]),
        reverse("admin:orders_order_changelist") + "?q=" + quote(EVIL),
        reverse("admin:orders_fulfilment_change", args=[row.pk]),
        "/admin/find/?q=" + quote(EVIL),
        "/admin/find/?q=lan",
        "/admin/",
        "/admin/floor/",
        "/admin/floor/queue/",
        f"/admin/floor/pick/{row.pk}/",
        f"/cart/{'A' * 10}?x=" + quote(EVIL),
        "/reports/sales-by-channel/?currency=" + quote(EVIL),
    ]
    for page in pages:
        answer = desk.get(page, follow=True)
        assert answer.status_code < 500, page
        assert EVIL not in answer.content.decode(), page


def test_no_question_makes_a_page_fail(desk, evil_order):
    lists = [reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist") for model in admin.site._registry]
    for index, value in enumerate(ASKED):
        asked = quote(value)
        for at, page in enumerate(lists[index % 5 :: 5]):
            name = ("q", "o", "p", "status", "store", "id__exact", "placed_at__gte")[(at + index) % 7]
            assert desk.get(f"{page}?{name}={asked}").status_code < 500, (page, name, value[:20])
        for page in (
            f"/admin/find/?q={asked}",
            f"/reports/sales-by-channel/?from={asked}&to={asked}",
            f"/reports/sales-by-channel/?period={asked}&compare={asked}&currency={asked}",
            f"/reports/{asked}/",
            f"/admin/orders/order/{asked}/change/",
            f"/admin/floor/pick/{asked}/",
            f"/cart/{asked}",
            f"/admin/login/?next={asked}",
        ):
            assert desk.get(page).status_code < 500, page[:80]


def test_a_nul_typed_on_the_floor_is_refused_in_words(desk, evil_order):
    row = Fulfilment.objects.get()
    desk.post("/admin/floor/store/", {"store": "hanoi"})
    assert desk.get(f"/admin/floor/pick/{row.pk}/").status_code == 200
    for page in ("/admin/floor/hand-over/", f"/admin/floor/hand-over/{row.pk}/", f"/admin/floor/pick/{row.pk}/"):
        for verb in ("unlock", "pick", "ready", "\x00"):
            told = {"key": new_key(), "verb": verb, "reason": "a\x00b", "scanned": "a\x00b", "collected_by": "\x00"}
            assert desk.post(page, told).status_code < 500, (page, verb)


def test_a_log_holds_no_row_that_the_database_refused():
    """PostgreSQL tells the row or the key that it refuses, with whoever is in it."""
    person("Lan", phone="0912345678", verified=True)
    known = Identifier.objects.get(kind="phone", verified_at__isnull=False)
    formatter = LineFormatter("{levelname} {message}", style="{")
    try:
        with transaction.atomic():
            Identifier.objects.create(
                source_record=known.source_record, kind="phone", value=known.value, verified_at=known.verified_at,
                valid_from=known.valid_from,
            )  # fmt: skip
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "It failed.", (), sys.exc_info())
        told = formatter.format(record)
        assert "IntegrityError" in told
        assert "84912345678" not in told
    else:
        pytest.fail("the database took it")


def test_pages_say_what_may_load_and_where_forms_may_go(client):
    headers = client.get("/admin/login/").headers
    rules = headers["Content-Security-Policy"]
    for rule in ("default-src 'self'", "object-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in rules
    assert headers["X-Content-Type-Options"] == "nosniff"
    answer = client.get("/api/v1/orders")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "\\\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(desk, client, target):
    StaffFactory.create(username="minh", is_superuser=True).set_password("x")
    spoken = client.post("/i18n/setlang/", {"language": "en", "next": target})
    assert "evil" not in spoken.headers.get("Location", "")
    assert "javascript" not in spoken.headers.get("Location", "")
    signed_in = desk.get("/admin/login/", {"next": target})
    assert "evil" not in signed_in.headers.get("Location", "")


def test_a_session_alone_changes_nothing_over_the_api(evil_order):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(StaffFactory.create(is_superuser=True))
    answer = strict.post(
        f"/api/v1/orders/{evil_order.number}/cancel",
        '{"reason": "x"}',
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert strict.post("/admin/floor/store/", {"store": "hanoi"}).status_code == 403
    assert Order.objects.get().status == "placed"
