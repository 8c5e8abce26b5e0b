"""Reading the catalog: 50 variants as a front end lists them."""

from catalog.models import Category, Variant
from catalog.offers import refresh_offers
from omni.core import clock
from omni.core.benchmark import Benchmark, Caller, Contest
from omni.core.db import execute, fetch_all, write
from omni.core.keys import issue_channel_key
from omni.core.models import Channel, Location

VARIANTS, STORES = 5_000, 5

_GOODS = """
WITH made AS (
  INSERT INTO catalog_product (handle, name_vi, name_en, description, vendor, category_id, tags, images,
    option_names, active, created_at)
  SELECT 'p-' || n, 'Áo ' || n, 'Shirt ' || n, '', '', %(category)s, '[]', '[]', '["Size"]', true, now()
  FROM generate_series(1, %(variants)s / 4) n RETURNING id, handle
)
INSERT INTO catalog_variant (sku, product_id, options, weight_grams, shelf, active, search_text, created_at)
SELECT handle || '-' || size, id, jsonb_build_object('Size', size), 200, '', true, handle || ' ' || size, now()
FROM made, generate_series(1, 4) size
"""
_PRICES = """
INSERT INTO catalog_price (variant_id, currency, amount, floor, tax_included, valid_from, reason, changed_by,
  created_at)
SELECT id, 'VND', 100000 + id %% 50 * 1000, 0, true, now() - interval '1 day', 'opening', 'benchmark', now()
FROM catalog_variant
"""
_STOCK = """
INSERT INTO catalog_movement (variant_id, location_id, quantity, reason, source_kind, source, note, moved_by, moved_at)
SELECT v.id, l.id, 100000, 'receipt', '', '', '', 'benchmark', now() FROM catalog_variant v, core_location l
"""
_READ = """
SELECT o.variant_id, v.sku, v.gtin, v.options, p.name_vi, p.name_en, c.code, o.currency, o.price, o.compare_at,
  o.promotion_price, o.promotion, o.tax_included, o.availability, o.atp, o.sellable, o.version, o.updated_at
FROM catalog_offer o JOIN catalog_variant v ON v.id = o.variant_id JOIN catalog_product p ON p.id = v.product_id
JOIN catalog_category c ON c.id = p.category_id
WHERE v.active AND p.active ORDER BY o.variant_id DESC LIMIT 50
"""


def fill_shop(port: int) -> Caller:
    """5,000 variants with prices, on the shelves of 5 stores and as offers; returns a caller with a web shop's key."""
    now = clock.now()
    web = Channel.objects.create(code="web", name="Web", kind=Channel.Kind.WEB, can_sell=True, can_show=True)
    Location.objects.bulk_create(
        [
            Location(code=f"store-{n}", name=f"Store {n}", kind=Location.Kind.STORE, can_pick_up=True)
            for n in range(STORES)
        ]
    )
    category = Category.objects.create(code="goods", name_vi="Hàng hóa", name_en="Goods")
    execute(_GOODS, {"category": category.pk, "variants": VARIANTS})
    execute(_PRICES, {})
    execute(_STOCK)
    with write():
        refresh_offers(variant_ids=list(Variant.objects.values_list("pk", flat=True)), now=now)
    execute("ANALYZE")
    return Caller(port, {"Authorization": f"Bearer {issue_channel_key(channel=web, now=now)}"})


def _read(port: int) -> Contest:
    caller = fill_shop(port)
    return Contest(ours=lambda: caller("GET", "/api/v1/variants?limit=50"), reference=lambda: fetch_all(_READ))


BENCHMARKS = [
    Benchmark(
        name="50 variants through HTTP",
        reference="SQL reading 50 offer rows",
        goal=0.27,
        times=60,
        prepare=_read,
    )
]
