"""What a person may ask of us, and that nothing of them is left where it must not be."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers.audit import CHECKS
from customers.codes import ask_code
from customers.consent import ProofRequired, may_contact, record_consent
from customers.facts import ensure_facts, fold_facts, get_facts
from customers.identity import merge, unmerge
from customers.models import (
    Consent,
    Customer,
    CustomerFacts,
    Identifier,
    Interaction,
    LinkDecision,
    SignInCode,
    SourceRecord,
)
from customers.privacy import erase, export
from customers.queries import search
from customers.timeline import NewInteraction, record_interactions
from omni.core.db import write
from omni.core.models import KeptAnswer
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db

LAN, PHONE = "Nguyễn Thị Lan", "0912345678"
CANARIES = ["Nguyễn", "nguyen", "912345678", "lan@example.com", "CARD77", "1990-05-01", "12 Lê Lợi", "planted"]


@pytest.fixture
def web(db):
    return ChannelFactory.create(code="web", kind="web")


@pytest.fixture
def lan(web, now):
    found = person(
        LAN, phone=PHONE, email="lan@example.com", card="CARD-77", verified=True, channel=web, now=now,
        birth_date=date(1990, 5, 1), told={"address": {"street": "12 Lê Lợi"}, "preferences": {"note": "planted"}},
        external_id="planted-1",
    )  # fmt: skip
    double = person(LAN, phone="0987654321", email="nguyen@example.com", now=now, external_id="planted-2")
    merge(keep=found.customer, absorb=double.customer, reason="planted", by="staff:mai", now=now)
    record_consent(
        customer=found.customer, purpose="marketing", channel_kind="sms", granted=True, proof={"ip": "planted"}, now=now
    )
    item = NewInteraction("e1", web, found.source_record.pk, "searched", now, data={"text": "planted"})
    record_interactions(items=[item], now=now)
    ask_code(kind="phone", value=PHONE, channel=web, now=now)
    with write():
        ensure_facts(found.customer.pk)
    for number, body in enumerate(
        [f'{{"customer":"{found.customer.pk}"}}', '{"contact":{"phone":"0912345678"}}', '{"phone":"+84912345678"}']
    ):
        KeptAnswer.objects.create(
            caller="key:1", method="POST", path="/api/v1/orders", key=f"k{number}", request_hash="x", status=201,
            body=body, created_at=now,
        )  # fmt: skip
    return found


def tables_that_hold(text: str) -> set[str]:
    """Every table of the database in which some row's text holds this."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_nothing_of_an_erased_person_is_left_anywhere(lan, now):
    other = person("Trần Văn Minh", phone="0900000009", now=now)
    KeptAnswer.objects.create(
        caller="key:1", method="POST", path="/api/v1/orders", key="other", request_hash="x", status=201,
        body='{"customer":"999"}', created_at=now,
    )  # fmt: skip
    assert all(tables_that_hold(canary) for canary in CANARIES)

    erased = erase(customer_id=lan.customer.pk, by="staff:mai", now=now)

    assert {canary: tables_that_hold(canary) for canary in CANARIES} == {canary: set() for canary in CANARIES}
    assert erased.erased_at == now
    assert not SignInCode.objects.exists()
    assert KeptAnswer.objects.get().key == "other"
    assert not search("lan", 10)
    assert Customer.objects.get(pk=other.customer.pk).name == "Trần Văn Minh"
    assert not CustomerFacts.objects.exists()
    assert Identifier.objects.count() == 1
    assert may_contact(customer_id=lan.customer.pk, purpose="service", channel_kind="sms", now=now).reason == "erased"
    assert [wrong for check in CHECKS for wrong in check.look().wrong] == []


def test_erasing_ends_with_its_transaction_and_may_be_asked_twice(lan, now):
    with transaction.atomic():
        erase(customer_id=lan.customer.pk, by="staff:mai", now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            SourceRecord.objects.update(name="?")
    again = erase(customer_id=lan.customer.pk, by="staff:mai", now=now + timedelta(days=1))
    assert again.erased_at == now


def test_somebody_erased_who_comes_back_is_somebody_new(lan, now):
    erase(customer_id=lan.customer.pk, by="staff:mai", now=now)
    again = person(LAN, phone=PHONE, verified=True, now=now, external_id="planted-1")
    assert again.created
    assert again.customer != lan.customer


def test_the_export_holds_all_that_was_told(lan):
    told = str(export(customer_id=lan.customer.pk))
    for canary in ("Nguyễn", "+84912345678", "lan@example.com", "CARD77", "12 Lê Lợi", "planted", "nguyen@example.com"):
        assert canary in told


@pytest.mark.parametrize("model", [SourceRecord, LinkDecision, Consent])
def test_the_database_itself_keeps_history_as_it_was(lan, model):
    row = model.objects.order_by("pk").first()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET id = id WHERE id = %s", [row.pk])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [row.pk])
    assert model.objects.filter(pk=row.pk).exists()


def test_the_database_itself_refuses_a_second_owner_of_a_verified_address(lan, now):
    other = person("Trần Văn Minh", phone=PHONE, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Identifier.objects.filter(source_record=other.source_record).update(verified_at=now)


def test_a_withdrawal_on_any_record_counts_for_the_person(web, now):
    one, two = person(LAN, phone=PHONE, now=now), person("Lan", email="lan@example.com", now=now)
    told: dict[str, Any] = {"purpose": "marketing", "channel_kind": "email", "proof": {"form": 1}}
    record_consent(customer=one.customer, granted=True, now=now, **told)
    record_consent(customer=two.customer, granted=False, now=now + timedelta(hours=1), **told)
    later = now + timedelta(days=1)
    asked: dict[str, Any] = {"purpose": "marketing", "channel_kind": "email", "now": later}
    assert may_contact(customer_id=one.customer.pk, **asked).allowed
    merge(keep=one.customer, absorb=two.customer, reason="Same", by="staff:mai", now=later)
    assert may_contact(customer_id=one.customer.pk, **asked).reason == "withdrawn"
    assert may_contact(customer_id=two.customer.pk, **asked).reason == "withdrawn"
    unmerge(customer=one.customer, source_records=[two.source_record.pk], reason="No", by="staff:mai", now=later)
    assert may_contact(customer_id=one.customer.pk, **asked).allowed


def test_service_messages_need_an_address_and_no_consent(now):
    lan = person(LAN, phone=PHONE, now=now).customer.pk
    assert may_contact(customer_id=lan, purpose="service", channel_kind="sms", now=now).allowed
    assert may_contact(customer_id=lan, purpose="service", channel_kind="email", now=now).reason == "no_address"
    assert may_contact(customer_id=lan, purpose="marketing", channel_kind="sms", now=now).reason == "no_consent"
    assert may_contact(customer_id=999, purpose="service", channel_kind="sms", now=now).reason == "no_consent"


def test_consent_without_proof_is_not_taken(now):
    lan = person(LAN, phone=PHONE, now=now).customer
    with pytest.raises(ProofRequired):
        record_consent(customer=lan, purpose="marketing", channel_kind="sms", granted=True, proof={}, now=now)
    assert not Consent.objects.exists()


def test_interactions_of_any_month_in_any_order_are_taken_once(web, now):
    lan = person(LAN, phone=PHONE, now=now)
    items = [
        NewInteraction(f"e{n}", web, lan.source_record.pk, "viewed", now - timedelta(days=40 * n)) for n in range(6)
    ]
    assert record_interactions(items=[*items, items[0]], now=now) == 6
    assert record_interactions(items=list(reversed(items)), now=now) == 0
    assert Interaction.objects.count() == 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_interaction_rest")
        assert cursor.fetchone()[0] == 0


def test_facts_of_two_customers_add_up_when_they_are_one(now):
    one, two = person(LAN, phone=PHONE, now=now), person("Lan", email="lan@example.com", now=now)
    with write():
        for found, count, currency in ((one, 2, "VND"), (two, 3, "USD")):
            facts = ensure_facts(found.customer.pk)
            facts.orders_count, facts.totals = count, {currency: 100, "VND": 100}
            facts.segments, facts.first_ordered_at = [currency], now
            facts.save()
        fold_facts(survivor=one.customer.pk, absorbed=[two.customer.pk])
    facts = get_facts(one.customer.pk)
    assert (facts.orders_count, facts.totals, facts.segments) == (5, {"VND": 200, "USD": 100}, ["USD", "VND"])
    assert get_facts(two.customer.pk).orders_count == 0
