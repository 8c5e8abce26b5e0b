"""What source records say of a person, loaded for the rules that compare them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from customers.matching import Evidence, Known
from customers.models import Identifier, Membership, SourceRecord

# A switchboard number on ten thousand records must not load them all; far fewer already make it generic.
_MOST_HOLDERS = 300


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds an identifier now: source records by customer."""

    kind: str
    value: str
    records: dict[int, int]

    @property
    def generic(self) -> bool:
        """So many customers hold it that it says nothing of anybody."""
        return len(set(self.records.values())) > settings.GENERIC_IDENTIFIER_CUSTOMERS


def holders_of(kind: str, value: str) -> Holders:
    """The records that hold an identifier now, with the customer each belongs to."""
    rows = Identifier.objects.filter(kind=kind, value=value, valid_until=None).order_by("source_record_id")
    records = list(rows.values_list("source_record_id", flat=True)[:_MOST_HOLDERS])
    return Holders(kind, value, dict(Membership.objects.filter(pk__in=records).values_list("pk", "customer_id")))


def evidence_of(records: Collection[int], generic: Collection[tuple[str, str]] = ()) -> dict[int, Evidence]:
    """The evidence of each record; the identifiers in `generic` are marked so."""
    known: dict[int, set[Known]] = {record: set() for record in records}
    for row in Identifier.objects.filter(source_record__in=records, valid_until=None):
        known[row.source_record_id].add(
            Known(
                row.kind,
                row.value,
                proven=row.proven or row.verified_at is not None,
                generic=(row.kind, row.value) in generic,
            )
        )
    return {
        record.pk: Evidence(record.name, record.birth_date, frozenset(known[record.pk]))
        for record in SourceRecord.objects.filter(pk__in=records)
    }
