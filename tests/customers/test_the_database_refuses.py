"""What the database itself refuses about people, whoever asks and however."""

import pytest

from customers.models import Consent, Identifier, LinkDecision, Membership, SourceRecord
from tests.database import empty, refused_by, run
from tests.factories.customers import person

pytestmark = pytest.mark.django_db
# A source record is emptied with all that hangs on it, of which something else may refuse first.
HISTORIES = ("customers_linkdecision", "customers_consent")


@pytest.fixture
def lan(now):
    """Told twice with the same phone: two records, one decision that they are the same."""
    first = person("Lan", phone="0912345678", verified=True, now=now)
    person("Lan", phone="0912345678", email="lan@example.com", verified=True, now=now)
    Consent.objects.create(
        source_record=first.source_record, purpose="news", channel_kind="email", granted=True, given_at=now
    )
    return first


def test_what_was_told_decided_and_allowed_stays(lan):
    for model, change in (
        (SourceRecord, {"name": "Mai"}),
        (LinkDecision, {"verdict": "different"}),
        (Consent, {"granted": False}),
    ):
        table = f"{model._meta.db_table}_append_only"
        assert model.objects.exists()
        with refused_by(table):
            model.objects.update(**change)
        with refused_by(table):
            run(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("table", HISTORIES)
def test_no_history_is_emptied(db, table):
    with refused_by(f"{table}_append_only"):
        empty(table)


def test_erasure_reaches_what_is_personal_and_nothing_else(lan):
    run("SET LOCAL omni.erasing = 'on'")
    SourceRecord.objects.update(name="", told={}, external_id=None, birth_date=None)
    Consent.objects.update(proof={})
    with refused_by("customers_consent_append_only"):
        Consent.objects.update(granted=False)
    with refused_by("customers_linkdecision_append_only"):
        LinkDecision.objects.update(verdict="different")
    with refused_by("customers_sourcerecord_append_only"):
        run("DELETE FROM customers_sourcerecord")


def test_a_verified_identifier_has_one_owner(lan, now):
    owned = Identifier.objects.filter(verified_at__isnull=False, valid_until=None).first()
    other = person("Hoa", email="hoa@example.com", now=now)
    with refused_by("verified_identifier_one_owner"):
        Identifier.objects.create(
            source_record=other.source_record, kind=owned.kind, value=owned.value, verified_at=now, valid_from=now
        )


def test_a_record_belongs_to_one_customer(lan, now):
    other = person("Hoa", email="hoa@example.com", now=now)
    with refused_by("customers_membership_pkey"):
        Membership.objects.bulk_create([Membership(source_record=lan.source_record, customer=other.customer)])
