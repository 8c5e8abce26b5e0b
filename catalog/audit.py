"""What must hold over the whole catalog: prices, stock, offers, coupons."""

from catalog.models import Offer
from catalog.offers import CHUNK, FRESH, fresh_params
from omni.core import clock
from omni.core.audit import Check, Finding, sql_check
from omni.core.db import fetch_all

# Compared with what offers would be now, leaving out those that a sweep has still to see.
_STALE = f"""
SELECT format('%%s: shown %%s, computed %%s', fresh.sku, to_jsonb(o) - 'updated_at', to_jsonb(fresh))
FROM ({FRESH}) fresh JOIN catalog_offer o USING (variant_id)
WHERE (o.currency, o.price, o.compare_at, o.promotion_price, o.promotion, o.tax_included, o.valid_until,
       o.availability, o.atp, o.sellable)
   IS DISTINCT FROM
      (fresh.currency, fresh.price, fresh.compare_at, fresh.promotion_price, fresh.promotion, fresh.tax_included,
       fresh.valid_until, fresh.availability, fresh.atp, fresh.sellable)
  AND (o.valid_until IS NULL OR o.valid_until > %(now)s)
  AND NOT EXISTS (SELECT 1 FROM catalog_dueoffer d WHERE d.variant_id = o.variant_id)
LIMIT 20
"""  # noqa: S608


def _offers_as_computed() -> Finding:
    now = clock.now()
    ids = list(Offer.objects.order_by("pk").values_list("pk", flat=True))
    wrong: list[str] = []
    for start in range(0, len(ids), CHUNK):
        if len(wrong) < 20:
            wrong += [row[0] for row in fetch_all(_STALE, fresh_params(ids[start : start + CHUNK], now))]
    return Finding(rows=len(ids), wrong=wrong[:20])


CHECKS: list[Check] = [
    sql_check(
        "stock: a level is the sum of its movements",
        count="SELECT count(*) FROM catalog_movement",
        wrong="SELECT format('variant %s at %s: %s on hand, movements say %s', coalesce(l.variant_id, m.variant_id),"
        " coalesce(l.location_id, m.location_id), l.on_hand, coalesce(m.moved, 0)) FROM catalog_stocklevel l"
        " FULL JOIN (SELECT variant_id, location_id, sum(quantity) AS moved FROM catalog_movement GROUP BY 1, 2) m"
        " ON m.variant_id = l.variant_id AND m.location_id = l.location_id"
        " WHERE coalesce(l.on_hand, 0) <> coalesce(m.moved, 0)",
    ),
    sql_check(
        "stock: reserved is the sum of open reservations",
        count="SELECT count(*) FROM catalog_reservation WHERE state = 'open'",
        wrong="SELECT format('variant %s at %s: %s reserved, open reservations say %s',"
        " coalesce(l.variant_id, r.variant_id), coalesce(l.location_id, r.location_id), l.reserved,"
        " coalesce(r.held, 0)) FROM catalog_stocklevel l FULL JOIN (SELECT variant_id, location_id,"
        " sum(quantity) AS held FROM catalog_reservation WHERE state = 'open' GROUP BY 1, 2) r"
        " ON r.variant_id = l.variant_id AND r.location_id = l.location_id"
        " WHERE coalesce(l.reserved, 0) <> coalesce(r.held, 0)",
    ),
    sql_check(
        "stock: no more is reserved than is on hand, and never less than nothing",
        count="SELECT count(*) FROM catalog_stocklevel",
        wrong="SELECT format('variant %s at %s: %s of %s', variant_id, location_id, reserved, on_hand)"
        " FROM catalog_stocklevel WHERE NOT (0 <= reserved AND reserved <= on_hand)",
    ),
    sql_check(
        "stock: one live reservation of an order's line at a location",
        count="SELECT count(*) FROM catalog_reservation",
        wrong="SELECT format('%s/%s at %s', \"order\", line, location_id) FROM catalog_reservation"
        " WHERE state = 'open' GROUP BY \"order\", line, location_id HAVING count(*) > 1",
    ),
    sql_check(
        "prices: two of a variant and currency never overlap",
        count="SELECT count(*) FROM catalog_price",
        wrong="SELECT format('prices %s and %s', id, next_id) FROM (SELECT id, valid_until,"
        " lead(id) OVER w AS next_id, lead(valid_from) OVER w AS next_from FROM catalog_price"
        " WINDOW w AS (PARTITION BY variant_id, currency ORDER BY valid_from, id)) p"
        " WHERE next_id IS NOT NULL AND (valid_until IS NULL OR valid_until > next_from)",
    ),
    sql_check(
        "prices: none below its floor",
        count="SELECT count(*) FROM catalog_price",
        wrong="SELECT format('price %s: %s, floor %s', id, amount, floor) FROM catalog_price WHERE amount < floor",
    ),
    Check("offers: each is what the tables say now", _offers_as_computed),
    sql_check(
        "offers: whatever is on sale with a price has one",
        count="SELECT count(*) FROM catalog_variant",
        wrong="SELECT v.sku FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id"
        " WHERE v.active AND p.active AND EXISTS (SELECT 1 FROM catalog_price c WHERE c.variant_id = v.id)"
        " AND NOT EXISTS (SELECT 1 FROM catalog_offer o WHERE o.variant_id = v.id)"
        " AND NOT EXISTS (SELECT 1 FROM catalog_dueoffer d WHERE d.variant_id = v.id)",
    ),
    sql_check(
        "coupons: used as often as their live uses say, no more than allowed",
        count="SELECT count(*) FROM catalog_coupon",
        wrong="SELECT format('%s: used %s, live uses %s', c.code, c.used, count(u.id)) FROM catalog_coupon c"
        " LEFT JOIN catalog_couponuse u ON u.coupon_id = c.id AND u.returned_at IS NULL GROUP BY c.id"
        " HAVING c.used <> count(u.id) OR c.used > c.max_uses",
    ),
    sql_check(
        "promotions: none gives more than its budget",
        count="SELECT count(*) FROM catalog_promotion",
        wrong="SELECT format('%s: %s of %s', code, spent, budget) FROM catalog_promotion"
        " WHERE spent < 0 OR spent > budget",
    ),
]
