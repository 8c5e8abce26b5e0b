"""Nobody becomes somebody else by what they say of themselves, nor by what somebody else's channel says of them."""

import pytest
from rest_framework.test import APIClient

from customers.codes import ask_code, make_code
from customers.models import Identifier
from customers.queries import customer_of
from customers.sign_in import sign_in
from omni.core import clock
from omni.core.keys import issue_customer_token
from omni.core.models import Channel, RateCounter
from tests.factories.core import ChannelFactory, bearer
from tests.factories.customers import person

pytestmark = pytest.mark.django_db
LAN, PHONE, EVE = "Nguyễn Thị Lan", "0912345678", "eve@example.com"


@pytest.fixture
def web():
    return ChannelFactory.create(code="web")


@pytest.fixture
def shopee():
    return ChannelFactory.create(code="shopee", kind=Channel.Kind.MARKETPLACE)


def as_customer(record, channel):
    token, _expires = issue_customer_token(source_record=record, channel=channel, now=clock.now())
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def signed_in(value, channel):
    """Whoever reads the mail or SMS signs in."""
    kind = "email" if "@" in value else "phone"
    asked = ask_code(kind=kind, value=value, channel=channel, now=clock.now())
    code, _row = make_code(sign_in_code_id=asked.pk, now=clock.now())
    return sign_in(kind=kind, value=value, code=code, channel=channel, now=clock.now()).customer


@pytest.mark.parametrize("claim", [{"code": "000000"}, {"verified": True}, {"verified": True, "code": "1"}])
def test_a_customers_own_word_proves_no_phone(web, claim):
    lan = person(LAN, phone=PHONE, verified=True, channel=web)
    eve = person("Eve Trần", email=EVE, verified=True, channel=web)
    body = {"identifiers": [{"kind": "phone", "value": PHONE, **claim}]}
    answer = as_customer(eve.source_record.pk, web).patch(f"/api/v1/customers/{eve.customer.pk}", body, format="json")
    assert answer.status_code == (403 if "code" in claim else 200)
    owner = Identifier.objects.get(kind="phone", verified_at__isnull=False, valid_until=None)
    assert owner.source_record == lan.source_record
    assert not Identifier.objects.filter(kind="phone", proven=True).exclude(pk=owner.pk).exists()
    assert signed_in(PHONE, web) == lan.customer


def test_a_customers_own_word_proves_no_card(web):
    person(LAN, phone=PHONE, card="C-1", verified=True, channel=web)
    eve = person("Eve Trần", email=EVE, verified=True, channel=web)
    body = {"identifiers": [{"kind": "card", "value": "C-9"}]}
    as_customer(eve.source_record.pk, web).patch(f"/api/v1/customers/{eve.customer.pk}", body, format="json")
    assert not Identifier.objects.get(kind="card", value="C9").proven


def test_a_right_code_proves_a_customers_new_phone(web):
    lan = person(LAN, email="lan@example.com", verified=True, channel=web)
    asked = ask_code(kind="phone", value=PHONE, channel=web, now=clock.now())
    code, _row = make_code(sign_in_code_id=asked.pk, now=clock.now())
    body = {"identifiers": [{"kind": "phone", "value": PHONE, "code": code}]}
    own = as_customer(lan.source_record.pk, web)
    assert own.patch(f"/api/v1/customers/{lan.customer.pk}", body, format="json").status_code == 200
    assert signed_in(PHONE, web) == lan.customer
    assert own.patch(f"/api/v1/customers/{lan.customer.pk}", body, format="json").status_code == 403


def test_a_marketplaces_word_opens_nobodys_account(web, shopee):
    lan = person(LAN, phone=PHONE, verified=True, channel=web)
    told = [
        {"kind": "phone", "value": PHONE, "verified": True},
        {"kind": "email", "value": EVE, "verified": True},
    ]
    for name in ("", LAN):
        client = APIClient(headers={**bearer(shopee), "Idempotency-Key": f"k{name}"})
        body = {"identifiers": told, "name": name}
        assert client.post("/api/v1/customers/identify", body, format="json").status_code < 300
    assert signed_in(EVE, web) != customer_of(lan.source_record.pk)


def test_a_seen_card_number_opens_nobodys_account(web):
    lan = person(LAN, phone=PHONE, card="C-1", verified=True, channel=web)
    eve = person(card="C-1", email=EVE, channel=ChannelFactory.create(code="app", kind=Channel.Kind.APP))
    assert eve.customer == lan.customer
    assert signed_in(EVE, web) != customer_of(lan.source_record.pk)


def test_a_marketplace_knows_only_whom_it_told_us_of(web, shopee):
    lan = person(LAN, phone=PHONE, verified=True, card="C1", channel=web)
    mine = person("Trần Minh", phone="0987654321", channel=shopee)
    client = APIClient(headers={**bearer(shopee), "Idempotency-Key": "k"})
    for address in (
        "customers/{}",
        "customers/{}/timeline",
        "customers/{}/consents",
        "loyalty/{}",
        "loyalty/{}/entries",
    ):
        assert client.get(f"/api/v1/{address.format(lan.customer.pk)}").status_code == 404, address
        assert client.get(f"/api/v1/{address.format(mine.customer.pk)}").status_code == 200, address
    assert client.get("/api/v1/loyalty/by-card/C1").status_code == 404
    body = {"lines": [], "customer": str(lan.customer.pk), "points": 1}
    for address in (f"loyalty/{lan.customer.pk}/redemptions", "quotes", "carts"):
        assert client.post(f"/api/v1/{address}", body, format="json").status_code == 404, address
    event = {"id": "1", "kind": "chat", "happened_at": "2026-01-01T00:00:00Z"}
    for whom in ({"customer": str(lan.customer.pk)}, {"source_record": str(lan.source_record.pk)}):
        assert client.post("/api/v1/interactions", [event | whom], format="json").status_code == 422


def test_a_code_is_counted_by_whose_it_is_however_that_is_written(web):
    client = APIClient(headers=bearer(web))
    for index, written in enumerate(("0912 345 678", "+84912345678", "0912-345-678")):
        told = [{"kind": "phone", "value": written, "code": "000000"}]
        headers = {"Idempotency-Key": f"k{index}"}
        answer = client.post("/api/v1/customers/identify", {"identifiers": told}, format="json", headers=headers)
        assert answer.json()["error"]["code"] == "wrong_code"
    assert list(RateCounter.objects.filter(bucket__startswith="code-of:").values_list("hits", flat=True)) == [3]


@pytest.mark.parametrize(("behind", "told", "counted"), [
    (False, "1.1.1.1", "127.0.0.1"),
    (True, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
    (True, "", "127.0.0.1"),
])  # fmt: skip
def test_a_forged_address_hides_nobody(web, settings, behind, told, counted):
    settings.BEHIND_PROXY = behind
    APIClient().post("/api/v1/auth/otp", {"phone": PHONE}, format="json", headers={"X-Forwarded-For": told})
    assert RateCounter.objects.filter(bucket__startswith=f"otp-by:ip:{counted}/").exists()
