"""Questions about customers that every room asks."""

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from customers import normalise
from customers.models import Customer, SourceRecord
from omni.core.errors import NotFound
from omni.core.models import Channel
from omni.core.text import fold

# A search that more customers than this answer to is narrowed by typing on, not by paging through them.
MOST_FOUND = 200


def customer_of(source_record_id: int) -> Customer:
    """The customer whom a source record belongs to now. Raises NotFound."""
    found = Customer.objects.filter(memberships__source_record=source_record_id).first()
    if found is None:
        raise NotFound
    return found


def records_of(customer_id: int) -> list[int]:
    """The source records of a customer, ascending."""
    return list(
        SourceRecord.objects.filter(membership__customer=customer_id).order_by("id").values_list("id", flat=True)
    )


def resolve(customer_id: int) -> Customer | None:
    """The customer, or who they were merged into, however many merges ago; None if there never was one."""
    customer = Customer.objects.filter(pk=customer_id).first()
    while customer is not None and customer.merged_into_id is not None:
        customer = Customer.objects.filter(pk=customer.merged_into_id).first()
    return customer


def primary_record(customer: Customer, channel: Channel | None = None) -> SourceRecord:
    """The record on which something new hangs: the channel's own oldest one, else the oldest. Raises NotFound."""
    records = list(SourceRecord.objects.filter(membership__customer=customer).order_by("id"))
    if not records:
        raise NotFound
    own = [record for record in records if channel is not None and record.channel_id == channel.pk]
    return (own or records)[0]


def search(text: str, limit: int) -> QuerySet[Customer]:
    """Customers each word of the text begins a word of: name without diacritics, phone in any writing or its
    last digits, e-mail, card. Newest first; an empty text finds nobody."""
    words = _words(text)
    if not words:
        return Customer.objects.none()
    query = " & ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "':*" for word in words)
    return Customer.objects.filter(pk__in=RawSQL(_FOUND, [query, min(limit, MOST_FOUND)])).order_by("-id")  # noqa: S611


# Spelled as the index `customer_search` is. Materialized, so that the limit does not talk the planner into reading
# the whole table for a rare word; the scan still stops early for a frequent one (`nguyen`).
_FOUND = """
WITH found AS MATERIALIZED (
  SELECT id FROM customers_customer WHERE merged_into_id IS NULL
  AND array_to_tsvector(array_remove(string_to_array(search_text, ' '), '')) @@ %s::tsquery
) SELECT id FROM found LIMIT %s
"""


def _words(text: str) -> list[str]:
    folded = fold(text)
    digits = "".join(letter for letter in folded if letter.isdigit())
    if len(digits) >= 4 and not any(letter.isalpha() or letter == "@" for letter in folded):
        try:
            return [normalise.phone(text)]
        except normalise.BadPhone:
            return [digits[:254]]
    # No word of ours is longer, and PostgreSQL refuses very long ones.
    return [word[:254] for word in folded.split()[:8]]
