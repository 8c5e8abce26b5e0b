"""What rules may know of a customer: one row, written by the rooms that know it."""

from collections.abc import Sequence

from customers.models import CustomerFacts
from omni.core.db import assert_in_transaction


def get_facts(customer_id: int) -> CustomerFacts:
    """The facts of a customer; an empty, unsaved row for somebody of whom nothing is known yet."""
    return CustomerFacts.objects.filter(pk=customer_id).first() or CustomerFacts(customer_id=customer_id)


def ensure_facts(customer_id: int) -> CustomerFacts:
    """The facts row, made if it is not there, locked until the caller's transaction ends."""
    assert_in_transaction()
    CustomerFacts.objects.bulk_create([CustomerFacts(customer_id=customer_id)], ignore_conflicts=True)
    return CustomerFacts.objects.select_for_update(no_key=True).get(pk=customer_id)


def fold_facts(*, survivor: int, absorbed: Sequence[int]) -> None:
    """Add what was known of the absorbed customers to the survivor's row; the tier is loyalty's to say."""
    rows = list(CustomerFacts.objects.filter(pk__in=absorbed).order_by("pk"))
    if not rows:
        return
    kept = ensure_facts(survivor)
    for row in rows:
        kept.segments = sorted({*kept.segments, *row.segments})
        kept.tier = kept.tier or row.tier
        kept.orders_count += row.orders_count
        kept.first_ordered_at = min(filter(None, [kept.first_ordered_at, row.first_ordered_at]), default=None)
        kept.last_ordered_at = max(filter(None, [kept.last_ordered_at, row.last_ordered_at]), default=None)
        for currency, amount in row.totals.items():
            kept.totals[currency] = kept.totals.get(currency, 0) + amount
    kept.save()
    CustomerFacts.objects.filter(pk__in=absorbed).delete()
