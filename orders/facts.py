"""What orders know of a customer, for rules to use: how many orders, since when, for how much."""

from collections.abc import Sequence

from omni.core.db import execute

# One aggregate a customer over all of their records; a cancelled order was never one, and what was
# taken over from another system is not ours to reward.
_REFRESH = """
INSERT INTO customers_customerfacts
  (customer_id, segments, tier, orders_count, first_ordered_at, last_ordered_at, totals)
SELECT c.id, '{{}}', '', coalesce(f.orders, 0), f.first_at, f.last_at, coalesce(f.totals, '{{}}'::jsonb)
FROM customers_customer c
LEFT JOIN (
  SELECT customer_id, sum(orders) AS orders, min(first_at) AS first_at, max(last_at) AS last_at,
         jsonb_object_agg(currency, total) AS totals
  FROM (
    SELECT m.customer_id, o.currency, count(*) AS orders, min(o.placed_at) AS first_at,
           max(o.placed_at) AS last_at, sum(o.total) AS total
    FROM orders_order o JOIN customers_membership m ON m.source_record_id = o.source_record_id
    WHERE o.status <> 'cancelled' AND NOT o.history {of_member}
    GROUP BY 1, 2
  ) by_currency GROUP BY 1
) f ON f.customer_id = c.id
WHERE {of_customer}
ORDER BY c.id
ON CONFLICT (customer_id) DO UPDATE SET
  orders_count = excluded.orders_count, first_ordered_at = excluded.first_ordered_at,
  last_ordered_at = excluded.last_ordered_at, totals = excluded.totals
WHERE (customers_customerfacts.orders_count, customers_customerfacts.first_ordered_at,
       customers_customerfacts.last_ordered_at, customers_customerfacts.totals)
  IS DISTINCT FROM (excluded.orders_count, excluded.first_ordered_at, excluded.last_ordered_at, excluded.totals)
"""
_MAKE = """
INSERT INTO customers_customerfacts (customer_id, segments, tier, orders_count, totals)
SELECT id, '{}', '', 0, '{}' FROM customers_customer WHERE id = ANY(%s) ORDER BY id ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT 1 FROM customers_customerfacts WHERE {of_customer} ORDER BY customer_id FOR NO KEY UPDATE"


def refresh_facts(customer_ids: Sequence[int] | None) -> int:
    """Compute the orders' part of the facts anew, for these customers or (None) for all who ever ordered.

    Locks the facts rows, ascending, before it looks: what is counted cannot be older than what it waited for.
    Returns how many changed.
    """
    if customer_ids is None:
        execute(_LOCK.format(of_customer="true"))
        return execute(_REFRESH.format(of_member="", of_customer="f.customer_id IS NOT NULL"))
    if not customer_ids:
        return 0
    ids = sorted(set(customer_ids))
    lock = _LOCK.format(of_customer="customer_id = ANY(%s)")
    if execute(lock, [ids]) < len(ids):
        # Of whom nothing is known yet, there may be a row that waits for its commit.
        execute(_MAKE, [ids])
        execute(lock, [ids])
    return execute(_REFRESH.format(of_member="AND m.customer_id = ANY(%s)", of_customer="c.id = ANY(%s)"), [ids, ids])
