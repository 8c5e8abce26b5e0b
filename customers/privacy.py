"""What a person may ask of us: all that we hold of them, to be forgotten, and who looked at them.

Follows Vietnam's Law 91/2025 on personal data and the GDPR, articles 15, 17 and 20.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from customers import ports
from customers.identity.components import lock_customers
from customers.models import (
    AccessLog,
    Consent,
    Customer,
    CustomerFacts,
    Identifier,
    Interaction,
    LinkDecision,
    Membership,
    SignInCode,
    SourceRecord,
)
from customers.normalise import national_phone
from customers.queries import records_of, resolve
from omni.core.db import execute, write
from omni.core.errors import NotFound
from omni.core.keys import end_customer_tokens
from omni.core.models import KeptAnswer
from omni.core.outbox import Change, note


def log_access(*, customer: Customer, caller: str, user: User | None = None, what: str, now: datetime) -> None:
    """Write down who looked at whom. `caller` is Caller.name."""
    AccessLog.objects.create(customer=customer, user=user, caller=caller[:100], what=what[:60], seen_at=now)


def export(*, customer_id: int) -> dict[str, Any]:
    """Everything that any room holds of a person, by room, in plain values. Raises NotFound."""
    customer = resolve(customer_id)
    if customer is None:
        raise NotFound
    records = records_of(customer.pk)
    told: dict[str, Any] = {"customers": _own_export(customer, records)}
    for follower in ports.followers():
        room = type(follower).__module__.partition(".")[0]
        told.setdefault(room, {}).update(follower.exported(source_records=records))
    return told


def erase(*, customer_id: int, by: str, now: datetime) -> Customer:
    """Forget a person: every room blanks what is personal and keeps what the law demands.

    Reaches absorbed customers, stored answers, codes and sign-ins too. One transaction; locks the customers.
    Erasing twice changes nothing more. Raises NotFound.
    """
    with write():
        customer = resolve(customer_id)
        if customer is None:
            raise NotFound
        shells = _everybody_this_was(customer.pk)
        lock_customers(shells)
        records = records_of(customer.pk)
        # The one exception from append-only; it ends with this transaction, and before what follows it.
        execute("SET LOCAL omni.erasing = 'on'")
        traces = _traces(customer, records)
        for follower in ports.followers():
            follower.erased(customer=customer.pk, source_records=records, now=now)
        _forget_answers(traces, customers=shells, records=records)
        _forget_records(records)
        CustomerFacts.objects.filter(pk__in=shells).delete()
        Customer.objects.filter(pk__in=shells).update(
            name="", phone="", email="", birth_date=None, address={}, preferences={}, provenance={}, search_text="",
            erased_at=customer.erased_at or now,
        )  # fmt: skip
        end_customer_tokens(source_records=records, now=now)
        execute("SET LOCAL omni.erasing = 'off'")
        log_access(customer=customer, caller=by, what="erased", now=now)
        note([Change("customer.erased", str(customer.pk))], now=now)
        customer.refresh_from_db()
        return customer


def _forget_records(records: Sequence[int]) -> None:
    identifiers = Identifier.objects.filter(source_record__in=records)
    for kind, value in set(identifiers.values_list("kind", "value")):
        SignInCode.objects.filter(kind=kind, key=value).delete()
    identifiers.delete()
    SourceRecord.objects.filter(pk__in=records).update(name="", birth_date=None, told={}, external_id=None)
    Consent.objects.filter(source_record__in=records).update(proof={})
    Interaction.objects.filter(source_record__in=records).update(data={})
    LinkDecision.objects.filter(Q(left__in=records) | Q(right__in=records)).exclude(decided_by="rules").update(
        reason=""
    )


def _traces(customer: Customer, records: Sequence[int]) -> set[str]:
    """Every spelling of the person's addresses and cards, as a stored answer may hold it."""
    found = set()
    for value, written in Identifier.objects.filter(source_record__in=records).values_list("value", "written"):
        found |= {value, written}
        if value.startswith("+"):
            found |= {value[1:], national_phone(value)}
    found |= {customer.phone, customer.email}
    return {trace for trace in found if len(trace) > 3}


def _forget_answers(traces: set[str], *, customers: Collection[int], records: Collection[int]) -> None:
    """Stored answers told to this person, about them, or holding an address of theirs."""
    about = Q(caller__in=[f"customer:{record}" for record in records])
    for customer in customers:
        about |= Q(path__contains=f"/customers/{customer}/") | Q(body__contains=f'"customer":"{customer}"')
    for trace in traces:
        about |= Q(body__contains=trace)
    KeptAnswer.objects.filter(about).delete()


def _everybody_this_was(customer: int) -> list[int]:
    """This customer and those that were merged into it, however many merges ago."""
    found, fresh = {customer}, {customer}
    while fresh:
        fresh = set(Customer.objects.filter(merged_into__in=fresh).values_list("pk", flat=True)) - found
        found |= fresh
    homes = Membership.objects.filter(customer=customer, first_customer__merged_into__isnull=False)
    return sorted(found | set(homes.values_list("first_customer_id", flat=True)))


def _own_export(customer: Customer, records: Sequence[int]) -> dict[str, Any]:
    facts = CustomerFacts.objects.filter(pk=customer.pk).values("segments", "tier", "orders_count", "totals").first()
    return {
        "customer": {
            "id": str(customer.pk),
            **{
                name: getattr(customer, name)
                for name in ("name", "phone", "email", "birth_date", "language", "address", "preferences")
            },
            "created_at": customer.created_at,
        },
        "source_records": list(
            SourceRecord.objects.filter(pk__in=records)
            .order_by("id")
            .values("id", "channel__code", "external_id", "name", "birth_date", "told", "created_at")
        ),
        "identifiers": list(
            Identifier.objects.filter(source_record__in=records).values(
                "kind", "value", "written", "verified_at", "valid_from", "valid_until"
            )
        ),
        "consents": list(
            Consent.objects.filter(source_record__in=records)
            .order_by("id")
            .values("purpose", "channel_kind", "granted", "proof", "given_at")
        ),
        "interactions": list(
            Interaction.objects.filter(source_record__in=records)
            .order_by("happened_at", "id")
            .values("happened_at", "channel__code", "kind", "about_kind", "about", "data")
        ),
        "seen_by": list(AccessLog.objects.filter(customer=customer).order_by("id").values("caller", "what", "seen_at")),
        "facts": facts or {},
    }
