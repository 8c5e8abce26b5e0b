"""Who is who: what joins two people's records, and what never does."""

import pytest

from customers.identity import Claim, identify
from customers.models import Customer, ReviewPair
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db

LAN = "Nguyễn Thị Lan"


@pytest.fixture
def app(db):
    return ChannelFactory(code="app", kind="app")


@pytest.fixture
def till(db):
    return ChannelFactory(code="till", kind="store")


def test_lan_signs_up_in_the_app_and_is_found_at_the_till_by_her_verified_phone(app, till, now):
    first = person(LAN, phone="0912 345 678", channel=app, now=now)
    assert first.created
    assert first.matched_by is None

    second = identify(
        channel=till,
        claims=[Claim("phone", "+84912345678", verified=True), Claim("email", "Lan@Example.com")],
        name="Nguyen Thi Lan",
        now=now,
    )

    assert second.customer == first.customer
    assert second.matched_by == "phone+name"
    assert not second.created
    lan = Customer.objects.get(pk=first.customer.pk)
    assert (lan.name, lan.phone, lan.email) == (LAN, "+84912345678", "lan@example.com")
    assert lan.provenance["email"] == second.source_record.pk


def test_a_stranger_with_the_same_phone_is_another_customer(app, till, now):
    lan = person(LAN, phone="0912345678", verified=True, channel=app, now=now)
    stranger = person("Trần Văn Minh", phone="0912345678", channel=till, now=now)
    assert stranger.customer != lan.customer
    assert stranger.created
    assert not ReviewPair.objects.exists()
