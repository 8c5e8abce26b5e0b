"""Codes that are made when they are sent, and whom they sign in."""

from datetime import timedelta

import pytest
from django.db import transaction

from customers import ports
from customers.codes import CodeOver, WrongCode, ask_code, make_code
from customers.identity import Claim, identify, merge, unmerge
from customers.models import Customer, Identifier, SignInCode
from customers.sign_in import sign_in
from omni.core.keys import find_token
from omni.core.models import OutboxMessage, Token
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db

LAN, PHONE, EMAIL = "Nguyễn Thị Lan", "0912345678", "lan@example.com"


@pytest.fixture
def web(db):
    return ChannelFactory.create(code="web", kind="web")


def enter(kind, value, channel, now, **fields):
    row = ask_code(kind=kind, value=value, channel=channel, now=now)
    code, _row = make_code(sign_in_code_id=row.pk, now=now)
    return sign_in(kind=kind, value=value, code=code, channel=channel, now=now, **fields)


def test_no_stored_row_holds_the_code(web, now):
    row = ask_code(kind="phone", value=PHONE, channel=web, now=now)
    assert row.fingerprint == ""
    code, made = make_code(sign_in_code_id=row.pk, now=now)
    assert len(code) == 6
    assert code.isdigit()
    assert code not in made.fingerprint
    assert OutboxMessage.objects.get().payload == {}


def test_a_code_lasts_ten_minutes_and_a_resend_ends_the_one_before(web, now):
    first = ask_code(kind="phone", value=PHONE, channel=web, now=now)
    code, _row = make_code(sign_in_code_id=first.pk, now=now)
    second = ask_code(kind="phone", value=PHONE, channel=web, now=now)
    newer, _row = make_code(sign_in_code_id=second.pk, now=now)
    if code != newer:
        with pytest.raises(WrongCode):
            sign_in(kind="phone", value=PHONE, code=code, channel=web, now=now)
    with pytest.raises(WrongCode):
        sign_in(kind="phone", value=PHONE, code=newer, channel=web, now=now + timedelta(minutes=11))
    assert not Token.objects.exists()
    sign_in(kind="phone", value=PHONE, code=newer, channel=web, now=now + timedelta(minutes=9))
    with pytest.raises(CodeOver), transaction.atomic():
        make_code(sign_in_code_id=second.pk, now=now)
    with pytest.raises(WrongCode):
        sign_in(kind="phone", value=PHONE, code=newer, channel=web, now=now)


def test_a_code_for_one_address_opens_no_other(web, now):
    row = ask_code(kind="phone", value=PHONE, channel=web, now=now)
    code, _row = make_code(sign_in_code_id=row.pk, now=now)
    with pytest.raises(WrongCode):
        sign_in(kind="phone", value="0987654321", code=code, channel=web, now=now)
    assert SignInCode.objects.get().wrong_tries == 0


def test_the_owner_of_the_address_signs_in(web, now):
    lan = person(LAN, phone=PHONE, verified=True, now=now)
    signed = enter("phone", "+84 912 345 678", web, now)
    assert (signed.customer, signed.source_record) == (lan.customer, lan.source_record)
    token = find_token(signed.token, now=now)
    assert token is not None
    assert token.source_record == lan.source_record.pk


def test_the_only_one_who_claimed_the_address_proves_it_by_signing_in(web, now):
    lan = person(LAN, phone=PHONE, now=now)
    assert enter("phone", PHONE, web, now).customer == lan.customer
    assert Identifier.objects.get().verified_by == "code"


def test_somebody_new_becomes_a_customer_and_is_known_at_the_till(web, now):
    signed = enter("phone", PHONE, web, now)
    assert signed.customer.phone == "+84912345678"
    till = ChannelFactory.create(code="till", kind="store")
    row = ask_code(kind="phone", value=PHONE, channel=till, now=now)
    code, _row = make_code(sign_in_code_id=row.pk, now=now)
    lan = identify(channel=till, claims=[Claim("phone", PHONE, code=code)], name=LAN, now=now)
    assert lan.customer == signed.customer
    assert Customer.objects.get().name == LAN


def test_an_address_that_two_people_claimed_opens_neither(web, now):
    lan, minh = person(LAN, phone=PHONE, now=now), person("Trần Văn Minh", phone=PHONE, now=now)
    signed = enter("phone", PHONE, web, now)
    assert signed.customer not in {lan.customer, minh.customer}


def test_an_email_written_beside_somebody_elses_phone_does_not_open_their_customer(web, now):
    """Who plants a record with my phone and name and their own e-mail must not get in once I prove my phone."""
    planted = person(LAN, phone=PHONE, email="thief@example.com", channel=web, now=now)
    till = ChannelFactory.create(code="till", kind="store")
    lan = person(LAN, phone=PHONE, verified=True, channel=till, now=now)
    assert planted.customer == lan.customer
    assert enter("email", "thief@example.com", web, now).customer != lan.customer


def test_an_email_told_together_with_a_proven_phone_opens_it(web, now):
    till = ChannelFactory.create(code="till", kind="store")
    claims = [Claim("phone", PHONE, verified=True), Claim("email", EMAIL)]
    lan = identify(channel=till, claims=claims, name=LAN, now=now)
    assert enter("email", EMAIL, web, now).customer == lan.customer


def test_gmail_spellings_reach_the_same_person(web, now):
    lan = person(LAN, email="lan.nguyen@gmail.com", verified=True, now=now)
    row = ask_code(kind="email", value="LanNguyen+x@gmail.com", channel=web, now=now)
    code, row = make_code(sign_in_code_id=row.pk, now=now)
    assert row.value == "lannguyen+x@gmail.com"
    assert sign_in(kind="email", value="lan.nguyen@gmail.com", code=code, channel=web, now=now).customer == lan.customer


def test_a_merge_ends_the_sign_ins_of_the_absorbed_one_only(web, now):
    lan = person(LAN, phone=PHONE, verified=True, now=now)
    other = person("Lan", email=EMAIL, verified=True, now=now)
    kept, gone = enter("phone", PHONE, web, now), enter("email", EMAIL, web, now)
    merge(keep=lan.customer, absorb=other.customer, reason="Same", by="staff:mai", now=now)
    assert find_token(kept.token, now=now) is not None
    assert find_token(gone.token, now=now) is None
    again = enter("email", EMAIL, web, now)
    assert again.customer == lan.customer
    unmerge(customer=lan.customer, source_records=[other.source_record.pk], reason="No", by="staff:mai", now=now)
    assert find_token(again.token, now=now) is None
    assert find_token(kept.token, now=now) is not None


def test_a_room_that_listens_takes_over_the_guests_cart(web, now, monkeypatch):
    heard = []

    def listener(**told):
        heard.append(told)
        return {"id": told["cart"]}

    monkeypatch.setattr(ports, "_on_sign_in", [listener])
    signed = enter("phone", PHONE, web, now, cart="cart-1")
    assert signed.cart == {"id": "cart-1"}
    assert heard == [{"source_record": signed.source_record, "channel": web, "cart": "cart-1", "now": now}]
