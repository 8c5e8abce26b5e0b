"""Which source records are one member's, as the customers room says now."""

from customers.models import Membership


def customer_id_of(source_record: int) -> int | None:
    """The customer that a source record belongs to now."""
    return Membership.objects.filter(source_record=source_record).values_list("customer_id", flat=True).first()


def records_with(source_record: int) -> list[int]:
    """All source records of the customer that this one belongs to, ascending; itself where it has none."""
    customer = Membership.objects.filter(source_record=source_record).values("customer_id")
    records = Membership.objects.filter(customer_id__in=customer).values_list("source_record_id", flat=True)
    return sorted(records) or [source_record]
