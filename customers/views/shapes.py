"""What requests about customers hold, and how customers are shown."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from customers.models import Consent, Customer, Identifier


class ClaimIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=Identifier.Kind.choices)
    value = serializers.CharField(max_length=254)
    verified = serializers.BooleanField(default=False)
    # Our one-time code, which the person read out: then we know ourselves.
    code = serializers.CharField(max_length=12, required=False)


class IdentifyIn(serializers.Serializer[Any]):
    identifiers = serializers.ListField(child=ClaimIn(), max_length=20)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    birth_date = serializers.DateField(required=False, allow_null=True, default=None)
    external_id = serializers.CharField(max_length=200, required=False, allow_null=True, default=None)
    language = serializers.ChoiceField(choices=["vi", "en"], required=False)
    address = serializers.DictField(required=False)
    preferences = serializers.DictField(required=False)


class IdentifiedOut(serializers.Serializer[Any]):
    customer = serializers.CharField()
    source_record = serializers.CharField()
    matched_by = serializers.CharField(allow_null=True)
    created = serializers.BooleanField()


class ProfileIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    birth_date = serializers.DateField(required=False, allow_null=True)
    phone = serializers.CharField(max_length=40, required=False)
    email = serializers.CharField(max_length=254, required=False)
    identifiers = serializers.ListField(child=ClaimIn(), required=False, max_length=20)
    language = serializers.ChoiceField(choices=["vi", "en"], required=False)
    address = serializers.DictField(required=False)
    preferences = serializers.DictField(required=False)


class SourceRecordOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    channel = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class IdentifierOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    value = serializers.CharField()
    verified = serializers.BooleanField()
    valid_until = serializers.DateTimeField(allow_null=True)


class CustomerOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()
    birth_date = serializers.DateField(allow_null=True)
    language = serializers.CharField()
    address = serializers.DictField()
    preferences = serializers.DictField()
    tier = serializers.CharField()
    segments = serializers.ListField(child=serializers.CharField())
    source_records = SourceRecordOut(many=True)
    identifiers = IdentifierOut(many=True)
    created_at = serializers.DateTimeField()
    erased_at = serializers.DateTimeField(allow_null=True)
    merged_from = serializers.CharField(required=False)


class CustomersOut(serializers.Serializer[Any]):
    results = CustomerOut(many=True)
    next = serializers.CharField(allow_null=True)


class TimelineItemOut(serializers.Serializer[Any]):
    happened_at = serializers.DateTimeField()
    kind = serializers.CharField()
    channel = serializers.CharField()
    about_kind = serializers.CharField()
    about = serializers.CharField()
    data = serializers.DictField(allow_null=True)  # type: ignore[assignment]


class TimelineOut(serializers.Serializer[Any]):
    results = TimelineItemOut(many=True)
    next = serializers.CharField(allow_null=True)


class InteractionIn(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=200)
    kind = serializers.CharField(max_length=40)
    happened_at = serializers.DateTimeField()
    customer = serializers.CharField(max_length=20, required=False)
    source_record = serializers.CharField(max_length=20, required=False)
    about_kind = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    about = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    data = serializers.DictField(required=False, default=dict)  # type: ignore[assignment]


class InteractionsIn(serializers.Serializer[Any]):
    interactions = serializers.ListField(child=InteractionIn(), max_length=500)


class TakenOut(serializers.Serializer[Any]):
    taken = serializers.IntegerField()
    repeated = serializers.IntegerField()


class ConsentIn(serializers.Serializer[Any]):
    purpose = serializers.CharField(max_length=40)
    channel = serializers.CharField(max_length=20)
    granted = serializers.BooleanField()
    proof = serializers.DictField(required=False, default=dict)


class ConsentOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    purpose = serializers.CharField()
    channel = serializers.CharField()
    granted = serializers.BooleanField()
    proof = serializers.DictField()
    given_at = serializers.DateTimeField()


class ConsentsOut(serializers.Serializer[Any]):
    results = ConsentOut(many=True)
    next = serializers.CharField(allow_null=True)


class AllowedOut(serializers.Serializer[Any]):
    allowed = serializers.BooleanField()
    reason = serializers.CharField()


class MergeIn(serializers.Serializer[Any]):
    keep = serializers.CharField(max_length=20)
    absorb = serializers.CharField(max_length=20)
    reason = serializers.CharField(max_length=300)


class UnmergeIn(serializers.Serializer[Any]):
    customer = serializers.CharField(max_length=20)
    source_records = serializers.ListField(child=serializers.CharField(max_length=20), allow_empty=False)
    reason = serializers.CharField(max_length=300)


class UnmergedOut(serializers.Serializer[Any]):
    customers = CustomerOut(many=True)


class ErasedOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    erased_at = serializers.DateTimeField()


class SignInAddressIn(serializers.Serializer[Any]):
    phone = serializers.CharField(max_length=40, required=False)
    email = serializers.CharField(max_length=254, required=False)
    channel = serializers.CharField(max_length=40, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("phone" in attrs) == ("email" in attrs):
            raise serializers.ValidationError(_("Send either phone or email."), code="phone_or_email")
        return attrs


class TokenIn(SignInAddressIn):
    code = serializers.CharField(max_length=12)
    cart = serializers.CharField(max_length=100, required=False, allow_null=True)


class AskedOut(serializers.Serializer[Any]):
    expires_in = serializers.IntegerField(help_text="Seconds that the code will be good for, once it is sent.")


class TokenOut(serializers.Serializer[Any]):
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    customer = serializers.CharField()
    cart = serializers.DictField(allow_null=True)


def show_customers(customers: Sequence[Customer]) -> list[dict[str, Any]]:
    """Customers as the API shows them, with what belongs to them loaded in three queries."""
    found = {
        row.pk: row
        for row in Customer.objects.filter(pk__in=[customer.pk for customer in customers])
        .select_related("facts")
        .prefetch_related("memberships__source_record__channel", "memberships__source_record__identifiers")
    }
    return [_show(found[customer.pk]) for customer in customers]


def show_customer(customer: Customer, merged_from: int | None = None) -> dict[str, Any]:
    """One customer; `merged_from` is the number that was asked for, where that was merged away."""
    shown = show_customers([customer])[0]
    return {**shown, "merged_from": str(merged_from)} if merged_from is not None else shown


def show_consent(consent: Consent) -> dict[str, Any]:
    return {
        "id": str(consent.pk),
        "purpose": consent.purpose,
        "channel": consent.channel_kind,
        "granted": consent.granted,
        "proof": consent.proof,
        "given_at": consent.given_at,
    }


def _show(customer: Customer) -> dict[str, Any]:
    records = sorted((member.source_record for member in customer.memberships.all()), key=lambda record: record.pk)
    facts = getattr(customer, "facts", None)
    return {
        "id": str(customer.pk),
        "name": customer.name,
        "phone": customer.phone,
        "email": customer.email,
        "birth_date": customer.birth_date,
        "language": customer.language,
        "address": customer.address,
        "preferences": customer.preferences,
        "tier": facts.tier if facts else "",
        "segments": facts.segments if facts else [],
        "source_records": [
            {"id": str(record.pk), "channel": record.channel.code, "name": record.name, "created_at": record.created_at}
            for record in records
        ],
        "identifiers": [
            {
                "kind": row.kind,
                "value": row.written or row.value,
                "verified": row.verified_at is not None,
                "valid_until": row.valid_until,
            }
            for record in records
            for row in record.identifiers.all()
        ],
        "created_at": customer.created_at,
        "erased_at": customer.erased_at,
    }
