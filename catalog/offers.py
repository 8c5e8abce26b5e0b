"""Offers: what anybody sees of a variant now, computed from the tables that hold the truth.

`refresh_offers` is called in the transaction of a price or promotion change, and by the sweep for what stock
movements put in the queue and for moments that pass (`valid_until`: when the price may next be another).
Computing one variant's offer is guarded by the lock of its variant row, so that no two computations of it
overlap and the later one sees what the earlier one's transaction wrote.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from catalog.models import Offer, Variant
from catalog.promised import PromotionPrice, promotion_prices
from omni.core.db import fetch_all, lock, write
from omni.core.outbox import wake_after_commit

# At or below so many units, goods are shown as low.
LOW = 5
CHUNK = 5_000


def refresh_offers(*, variant_ids: Collection[int], now: datetime) -> int:
    """Compute the offers of these variants and write those that changed; returns how many did.

    A changed offer gets the next version and is noted as `offer.changed`, urgency 0 where it sold out, 1 where
    the price rose, 2 for the rest. Locks the variants, ascending.
    """
    ordered = sorted(set(variant_ids))
    changed = 0
    with write():
        lock(Variant.objects.filter(pk__in=ordered).only("pk"))
        for start in range(0, len(ordered), CHUNK):
            changed += _refresh(ordered[start : start + CHUNK], now)
        if changed:
            wake_after_commit()
    return changed


def refresh_due(*, now: datetime, limit: int = CHUNK) -> int:
    """Take word from the queue that stock movements fill and refresh those offers; returns how many changed.

    Several may run at once: each takes rows that no other has. What is taken and what is written commit together.
    """
    with write():
        due = fetch_all(
            "DELETE FROM catalog_dueoffer WHERE id IN (SELECT id FROM catalog_dueoffer ORDER BY id LIMIT %s"
            " FOR UPDATE SKIP LOCKED) RETURNING variant_id",
            [limit],
        )
        return refresh_offers(variant_ids={row[0] for row in due}, now=now) if due else 0


def refresh_boundaries(*, now: datetime, limit: int = CHUNK) -> int:
    """Refresh offers whose `valid_until` has passed: a scheduled price or promotion began or ended."""
    passed = Offer.objects.filter(valid_until__lte=now).order_by("valid_until", "variant")[:limit]
    ids = list(passed.values_list("variant_id", flat=True))
    return refresh_offers(variant_ids=ids, now=now) if ids else 0


@dataclass(frozen=True, slots=True)
class OfferState:
    """What a channel shows of a variant. Minor units; `promotion_price` None where no promotion applies."""

    sku: str
    gtin: str | None
    name_vi: str
    name_en: str
    options: dict[str, str]
    currency: str
    price: int | None
    compare_at: int | None
    promotion_price: int | None
    promotion: str
    tax_included: bool
    valid_until: datetime | None
    atp: int
    sellable: bool
    availability: list[dict[str, Any]]
    version: int

    @property
    def name(self) -> str:
        return self.name_vi or self.name_en


def offer_states(skus: Collection[str]) -> list[OfferState]:
    """The offers of these SKUs, in the order of the SKU; one query. A variant without an offer is left out."""
    offers = Offer.objects.select_related("variant__product").filter(variant__sku__in=skus).order_by("variant__sku")
    return [_state(offer) for offer in offers]


def _state(offer: Offer) -> OfferState:
    variant, product = offer.variant, offer.variant.product
    return OfferState(
        sku=variant.sku,
        gtin=variant.gtin,
        name_vi=product.name_vi,
        name_en=product.name_en,
        options=variant.ordered_options(),
        currency=offer.currency,
        price=offer.price,
        compare_at=offer.compare_at,
        promotion_price=offer.promotion_price,
        promotion=offer.promotion,
        tax_included=offer.tax_included,
        valid_until=offer.valid_until,
        atp=offer.atp,
        sellable=offer.sellable,
        availability=offer.availability,
        version=offer.version,
    )


# What the offers of these variants would be now. Also the audit compares offers with it.
FRESH = """
  SELECT v.id AS variant_id, v.sku, %(currency)s::text AS currency, price.amount AS price, price.compare_at,
         promo.amount AS promotion_price, coalesce(promo.code, '') AS promotion,
         coalesce(price.tax_included, true) AS tax_included,
         least(price.valid_until, next.valid_from, promo.valid_until) AS valid_until,
         coalesce(stock.availability, '[]'::jsonb) AS availability, coalesce(stock.atp, 0)::int AS atp,
         v.active AND p.active AND price.amount IS NOT NULL AND coalesce(stock.atp, 0) > 0 AS sellable
  FROM catalog_variant v
  JOIN catalog_product p ON p.id = v.product_id
  LEFT JOIN LATERAL (
    SELECT amount, compare_at, tax_included, valid_until FROM catalog_price
    WHERE variant_id = v.id AND currency = %(currency)s AND valid_from <= %(now)s
      AND (valid_until IS NULL OR valid_until > %(now)s) LIMIT 1
  ) price ON true
  LEFT JOIN LATERAL (
    SELECT min(valid_from) AS valid_from FROM catalog_price
    WHERE variant_id = v.id AND currency = %(currency)s AND valid_from > %(now)s
  ) next ON true
  LEFT JOIN unnest(%(promo_variants)s::bigint[], %(promo_amounts)s::bigint[], %(promo_codes)s::text[],
                   %(promo_untils)s::timestamptz[]) AS promo (variant_id, amount, code, valid_until)
    ON promo.variant_id = v.id
  LEFT JOIN LATERAL (
    SELECT sum(s.atp) AS atp, jsonb_agg(jsonb_build_object('location', s.code, 'atp', s.atp, 'status',
             CASE WHEN s.atp = 0 THEN 'out' WHEN s.atp <= %(low)s THEN 'low' ELSE 'in_stock' END)
             ORDER BY s.code) AS availability
    FROM (SELECT l.code, greatest(0, k.on_hand - k.reserved - k.safety) AS atp
          FROM catalog_stocklevel k JOIN core_location l ON l.id = k.location_id AND l.active
          WHERE k.variant_id = v.id) s
  ) stock ON true
  WHERE v.id = ANY(%(ids)s)
"""

_WRITE = f"""
WITH fresh AS MATERIALIZED ({FRESH}), old AS MATERIALIZED (
  SELECT o.* FROM catalog_offer o WHERE o.variant_id = ANY(%(ids)s)
), changed AS (
  INSERT INTO catalog_offer AS o (variant_id, currency, price, compare_at, promotion_price, promotion, tax_included,
    valid_until, availability, atp, sellable, version, updated_at)
  SELECT f.variant_id, f.currency, f.price, f.compare_at, f.promotion_price, f.promotion, f.tax_included,
    f.valid_until, f.availability, f.atp, f.sellable, nextval('catalog_offer_version'), %(now)s
  FROM fresh f LEFT JOIN old USING (variant_id)
  WHERE old.variant_id IS NULL
     OR (old.currency, old.price, old.compare_at, old.promotion_price, old.promotion, old.tax_included,
         old.valid_until, old.availability, old.atp, old.sellable)
        IS DISTINCT FROM
        (f.currency, f.price, f.compare_at, f.promotion_price, f.promotion, f.tax_included,
         f.valid_until, f.availability, f.atp, f.sellable)
  ON CONFLICT (variant_id) DO UPDATE SET currency = excluded.currency, price = excluded.price,
    compare_at = excluded.compare_at, promotion_price = excluded.promotion_price, promotion = excluded.promotion,
    tax_included = excluded.tax_included, valid_until = excluded.valid_until,
    availability = excluded.availability, atp = excluded.atp, sellable = excluded.sellable,
    version = excluded.version, updated_at = excluded.updated_at
  RETURNING o.variant_id, o.version
)
INSERT INTO core_outboxmessage (kind, key, version, payload, created_at, attempts, last_error)
SELECT 'offer.changed', f.sku, c.version, jsonb_build_object('urgency',
    CASE WHEN old.sellable AND NOT f.sellable THEN 0
         WHEN coalesce(f.promotion_price, f.price) > coalesce(old.promotion_price, old.price) THEN 1
         ELSE 2 END), %(now)s, 0, ''
FROM changed c JOIN fresh f USING (variant_id) LEFT JOIN old USING (variant_id)
ORDER BY c.version
RETURNING id
"""  # noqa: S608


def _refresh(ids: Sequence[int], now: datetime) -> int:
    return len(fetch_all(_WRITE, fresh_params(ids, now)))


def fresh_params(ids: Sequence[int], now: datetime) -> dict[str, Any]:
    """The parameters of FRESH; the promotion prices come from the pure engine."""
    currency = settings.DEFAULT_CURRENCY
    promoted: Sequence[PromotionPrice] = promotion_prices(variant_ids=ids, currency=currency, now=now)
    return {
        "ids": list(ids),
        "currency": currency,
        "now": now,
        "low": LOW,
        "promo_variants": [row.variant_id for row in promoted],
        "promo_amounts": [row.amount for row in promoted],
        "promo_codes": [row.code for row in promoted],
        "promo_untils": [row.valid_until for row in promoted],
    }
