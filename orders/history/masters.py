"""What orders point at: the customers and variants of a file that the shop does not know yet."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.text import slugify

from catalog.models import Category, Product, Variant
from customers.models import Customer, Membership, SourceRecord
from omni.core.db import fetch_all, write
from omni.core.models import Channel, ImportRun
from omni.core.text import fold

CHUNK = 1000
CATEGORY = "history"

# Who is in the file and not yet a source record of the channel, with the country told most lately.
_NEW_CUSTOMERS = """
SELECT DISTINCT ON (r.customer) r.customer, r.country
FROM orders_historyrow r
WHERE r.run_id = %s AND r.customer <> '' AND r.kind <> 'refused' AND NOT EXISTS (
  SELECT FROM customers_sourcerecord s WHERE s.channel_id = %s AND s.external_id = r.customer)
ORDER BY r.customer, r.happened_at DESC, r.row DESC
"""

# Each SKU that is not in the catalog, with the name that most lines give it; paid sales speak before remarks
# like "damaged", and of equally frequent names the latest wins.
_NEW_VARIANTS = """
SELECT DISTINCT ON (sku) sku, name FROM (
  SELECT r.sku, r.name, bool_or(r.kind = 'sale' AND r.amount > 0) AS paid, count(*) AS lines, max(r.row) AS latest
  FROM orders_historyrow r
  WHERE r.run_id = %s AND r.kind IN ('sale', 'return', 'write_off')
    AND NOT EXISTS (SELECT FROM catalog_variant v WHERE v.sku = r.sku)
  GROUP BY r.sku, r.name) told
ORDER BY sku, name = '', paid DESC, lines DESC, latest DESC
"""


def make_customers(*, run: ImportRun, channel: Channel, now: datetime) -> Iterator[tuple[int, int]]:
    """Make a source record, a customer and the membership for each new customer; yields after each
    chunk how many are done, of how many.

    Such a record told nothing that could join it to anybody, so each is a customer of its own.
    """
    told = fetch_all(_NEW_CUSTOMERS, [run.pk, channel.pk])
    for start in range(0, len(told), CHUNK):
        with write():
            _make_customers(told[start : start + CHUNK], channel, now)
        yield min(start + CHUNK, len(told)), len(told)


def _make_customers(told: Sequence[tuple[str, str]], channel: Channel, now: datetime) -> None:
    records = SourceRecord.objects.bulk_create(
        SourceRecord(channel=channel, external_id=number, told=_told(country), created_at=now)
        for number, country in told
    )
    customers = Customer.objects.bulk_create(
        Customer(
            address=record.told.get("address", {}),
            provenance={"address": record.pk} if record.told else {},
            created_at=now,
        )
        for record in records
    )
    Membership.objects.bulk_create(
        Membership(source_record=record, customer=customer, first_customer=customer)
        for record, customer in zip(records, customers, strict=True)
    )


def _told(country: str) -> dict[str, dict[str, str]]:
    return {"address": {"country": country}} if country else {}


def make_variants(*, run: ImportRun, now: datetime) -> Iterator[tuple[int, int]]:
    """Make an inactive product with one inactive variant for each new SKU; yields after each
    chunk how many are done, of how many.

    Inactive, so that nothing of another system's past is offered, sold or pushed to a channel.
    """
    told = fetch_all(_NEW_VARIANTS, [run.pk])
    for start in range(0, len(told), CHUNK):
        with write():
            category, _ = Category.objects.get_or_create(
                code=CATEGORY, defaults={"name_vi": "Hàng từ hệ thống cũ", "name_en": "Goods of an older system"}
            )
            _make_variants(told[start : start + CHUNK], category, now)
        yield min(start + CHUNK, len(told)), len(told)


def _make_variants(told: Sequence[tuple[str, str]], category: Category, now: datetime) -> None:
    handles = _handles([sku for sku, _ in told])
    products = Product.objects.bulk_create(
        Product(
            handle=handles[sku],
            name_vi=name or sku,
            name_en=name or sku,
            category=category,
            active=False,
            created_at=now,
        )
        for sku, name in told
    )
    Variant.objects.bulk_create(
        Variant(sku=sku, product=product, active=False, search_text=fold(f"{name} {sku}"), created_at=now)
        for (sku, name), product in zip(told, products, strict=True)
    )


def _handles(skus: Sequence[str]) -> dict[str, str]:
    """A free handle for each SKU: `history-85123a`, with a number behind it where that is taken."""
    wanted = {sku: f"history-{slugify(sku, allow_unicode=True) or 'x'}"[:190] for sku in skus}
    taken = set(Product.objects.filter(handle__startswith="history-").values_list("handle", flat=True))
    tries: dict[str, int] = defaultdict(int)
    handles: dict[str, str] = {}
    for sku, handle in wanted.items():
        free = handle
        while free in taken:
            tries[handle] += 1
            free = f"{handle}-{tries[handle] + 1}"
        taken.add(free)
        handles[sku] = free
    return handles
