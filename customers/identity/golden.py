"""The golden record: each field from the record whose word weighs most, and where it came from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from customers.models import Customer, Identifier, SourceRecord
from customers.normalise import national_phone
from omni.core.outbox import Change, note
from omni.core.text import fold

# What a record may tell beside name and birth date, and what a customer's field is without it.
TOLD_FIELDS: dict[str, Any] = {"language": "vi", "address": {}}


@dataclass(frozen=True, slots=True)
class Told:
    """What one source record says, and what its word weighs.

    `weight`: 2 the person or a colleague corrected it, 1 the record came with a proof, 0 neither.
    """

    record: int
    weight: int
    trust: int
    told_at: datetime
    name: str = ""
    birth_date: date | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    # (kind, address as written, proven, since)
    identifiers: tuple[tuple[str, str, bool, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Golden:
    """The values that survive, and for each field the source record that gave it."""

    values: dict[str, Any]
    provenance: dict[str, int]


def survive(told: Sequence[Told]) -> Golden:
    """Corrected over proven over the channel's trust over newest, field by field. Pure; order changes nothing.

    Of two spellings of the winning name the one with diacritics is kept: a till without a Vietnamese keyboard
    takes nothing away. Preferences are merged key by key.
    """
    values: dict[str, Any] = {"name": "", "phone": "", "email": "", "birth_date": None, "preferences": {}}
    values.update(TOLD_FIELDS)
    provenance: dict[str, int] = {}
    for row in sorted(told, key=_rank):
        found = {"name": row.name, "birth_date": row.birth_date}
        found |= {name: row.extras.get(name) for name in TOLD_FIELDS}
        for name, value in found.items():
            if value:
                values[name], provenance[name] = value, row.record
        for key, value in dict(row.extras.get("preferences") or {}).items():
            values["preferences"] = {**values["preferences"], key: value}
            provenance[f"preferences.{key}"] = row.record
    for row in sorted(told, key=_rank):
        if fold(row.name) == fold(values["name"]) and _marks(row.name) > _marks(values["name"]):
            values["name"], provenance["name"] = row.name, row.record
    for kind in ("phone", "email"):
        addresses = [
            ((row.weight > 1, proven, row.trust, since, written), row.record)
            for row in told
            for own, written, proven, since in row.identifiers
            if own == kind
        ]
        if addresses:
            best, record = max(addresses)
            values[kind], provenance[kind] = best[-1], record
    return Golden(values, provenance)


def refresh(*, customers: Collection[int], now: datetime) -> list[Customer]:
    """Compute the golden records of these customers anew, save those that changed and note that they did."""
    told = _told_by(customers)
    words = _cards_of(customers)
    rows = list(Customer.objects.filter(pk__in=customers).order_by("pk"))
    changed: list[Customer] = []
    for row in rows:
        golden = survive(told.get(row.pk, []))
        if not told.get(row.pk):
            continue
        fields = {**golden.values, "provenance": golden.provenance}
        fields["search_text"] = search_text(fields["name"], fields["phone"], fields["email"], words.get(row.pk, set()))
        if any(getattr(row, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(row, name, value)
            changed.append(row)
    if changed:
        Customer.objects.bulk_update(changed, [*GOLDEN_FIELDS, "provenance", "search_text"])
        note([Change("customer.changed", str(row.pk)) for row in changed], now=now)
    return rows


GOLDEN_FIELDS = ("name", "phone", "email", "birth_date", "language", "address", "preferences")


def search_text(name: str, phone: str, email: str, others: Collection[str] = ()) -> str:
    """The words by which the search box finds somebody; a phone as E.164, at home, and by its last digits."""
    words = [*fold(name).split(), email.lower()]
    for other in sorted({phone, *others}):
        if other.startswith("+"):
            home = national_phone(other)
            words += [other, other[1:], home, home.lstrip("0"), home[-6:], home[-4:]]
        else:
            words += fold(other).split()
    return " ".join(dict.fromkeys(word for word in words if word))


def _rank(row: Told) -> tuple[Any, ...]:
    # What was told breaks a tie before the record's number, so that the order of arrival does not.
    return (
        row.weight,
        row.trust,
        row.told_at,
        row.name,
        str(row.birth_date or ""),
        str(sorted(row.extras)),
        row.record,
    )


def _marks(text: str) -> int:
    return sum(letter > "\x7f" for letter in text)


def _told_by(customers: Collection[int]) -> dict[int, list[Told]]:
    records = (
        SourceRecord.objects.filter(membership__customer__in=customers)
        .select_related("channel", "membership")
        .prefetch_related("identifiers")
    )
    told: dict[int, list[Told]] = {}
    for record in records:
        identifiers = tuple(
            (row.kind, row.written or row.value, row.proven or row.verified_at is not None, row.valid_from)
            for row in record.identifiers.all()
            if row.valid_until is None
        )
        weight = 2 if record.told.get("corrects") else int(any(row[2] for row in identifiers))
        told.setdefault(record.membership.customer_id, []).append(
            Told(
                record=record.pk,
                weight=weight,
                trust=record.channel.trust,
                told_at=record.created_at,
                name=record.name,
                birth_date=record.birth_date,
                extras={key: record.told[key] for key in (*TOLD_FIELDS, "preferences") if record.told.get(key)},
                identifiers=identifiers,
            )
        )
    return told


def _cards_of(customers: Collection[int]) -> dict[int, set[str]]:
    """Every address and card that finds a customer, beside the golden ones."""
    found: dict[int, set[str]] = {}
    rows = Identifier.objects.filter(source_record__membership__customer__in=customers, valid_until=None).exclude(
        kind=Identifier.Kind.DEVICE
    )
    for customer, value, written in rows.values_list("source_record__membership__customer", "value", "written"):
        found.setdefault(customer, set()).update({value, written} - {""})
    return found
