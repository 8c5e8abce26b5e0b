"""What must hold over all orders, whatever happened. What was taken over from another system stands outside."""

from omni.core.audit import Check, sql_check

# ruff: noqa: S608
# The statements are put together from the two constants below alone.

# An order that another system made is not held to what only our own doors ensure.
_OURS = "NOT o.history"
_TOLD_ELSEWHERE = "EXISTS (SELECT 1 FROM orders_orderevent e WHERE e.order_id = o.id AND e.kind = 'recorded')"

CHECKS: list[Check] = [
    sql_check(
        "orders: an order is the sum of its lines and charges",
        count="SELECT count(*) FROM orders_order",
        wrong="SELECT format('%s: its lines list %s, not %s', o.number, coalesce(sum(l.list_total), 0), o.list_total)"
        " FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id GROUP BY o.id"
        " HAVING coalesce(sum(l.list_total), 0) <> o.list_total OR coalesce(sum(l.discount_total), 0)"
        " <> o.discount_total + (SELECT coalesce(sum((a->>'amount')::bigint), 0)"
        " FROM jsonb_array_elements(o.order_adjustments) a) OR o.charges_total <>"
        " (SELECT coalesce(sum((c->>'amount')::bigint), 0) FROM jsonb_array_elements(o.charges) c)",
    ),
    sql_check(
        "orders: a channel's order is here once",
        count="SELECT count(*) FROM orders_order WHERE external_id IS NOT NULL",
        wrong="SELECT format('channel %s has %s as %s', channel_id, external_id, string_agg(number, ', '))"
        " FROM orders_order WHERE external_id IS NOT NULL GROUP BY channel_id, external_id HAVING count(*) > 1",
    ),
    sql_check(
        "orders: an order's total is lines and charges less discounts",
        count="SELECT count(*) FROM orders_order",
        wrong="SELECT format('%s: %s', number, total) FROM orders_order WHERE total <> list_total - discount_total"
        " + charges_total + CASE WHEN tax_included THEN 0 ELSE tax_total END",
    ),
    sql_check(
        "orders: no more is cancelled and handed over than was ordered",
        count="SELECT count(*) FROM orders_orderline",
        wrong="SELECT format('line %s', id) FROM orders_orderline WHERE cancelled + fulfilled > quantity",
    ),
    sql_check(
        "orders: no more comes back than was handed over",
        count="SELECT count(*) FROM orders_orderline",
        wrong="SELECT format('line %s: %s of %s', id, returned, fulfilled) FROM orders_orderline"
        " WHERE returned > fulfilled",
    ),
    sql_check(
        "orders: what lines count as returned is what returns hold",
        count=f"SELECT count(*) FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE {_OURS}",
        wrong="SELECT format('%s line %s: %s counted, returns hold %s', o.number, l.position, l.returned,"
        " coalesce(r.units, 0)) FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id LEFT JOIN"
        " (SELECT order_line_id, sum(quantity) AS units FROM orders_returnline GROUP BY 1) r ON r.order_line_id = l.id"
        f" WHERE {_OURS} AND l.returned <> coalesce(r.units, 0)",
    ),
    sql_check(
        "orders: no more is refunded than was captured, and payments know what refunds say",
        count="SELECT count(*) FROM orders_payment",
        wrong="SELECT format('payment %s: %s of %s, refunds say %s', p.id, p.refunded, p.amount, coalesce(r.sum, 0))"
        " FROM orders_payment p LEFT JOIN (SELECT payment_id, sum(amount) AS sum FROM orders_refund GROUP BY 1) r"
        " ON r.payment_id = p.id WHERE p.refunded <> coalesce(r.sum, 0) OR p.refunded > p.amount"
        " OR (p.refunded > 0 AND p.status <> 'captured')",
    ),
    sql_check(
        "orders: a return's refund is the sum of its refunds",
        count="SELECT count(*) FROM orders_return WHERE NOT history",
        wrong="SELECT format('%s: %s, its refunds %s', t.number, t.total, coalesce(sum(r.amount), 0))"
        " FROM orders_return t LEFT JOIN orders_refund r ON r.of_return_id = t.id WHERE NOT t.history GROUP BY t.id"
        " HAVING t.total <> coalesce(sum(r.amount), 0)",
    ),
    sql_check(
        "orders: what is done was paid for",
        count=f"SELECT count(*) FROM orders_order o WHERE {_OURS} AND status = 'completed'",
        # What units that were cancelled or came back were worth is taken off, dealt out as it was refunded.
        wrong="SELECT format('%s: paid %s, costs %s', o.number, p.paid, k.kept) FROM orders_order o"
        " JOIN LATERAL (SELECT coalesce(sum(amount - refunded), 0) AS paid FROM orders_payment"
        "   WHERE order_id = o.id AND status = 'captured') p ON true"
        " JOIN LATERAL (SELECT o.total - coalesce(sum((total + CASE WHEN o.tax_included THEN 0 ELSE tax END)"
        "   * (cancelled + returned) / quantity), 0) AS kept FROM orders_orderline WHERE order_id = o.id) k ON true"
        f" WHERE {_OURS} AND o.status = 'completed' AND p.paid < k.kept AND NOT {_TOLD_ELSEWHERE}",
    ),
    sql_check(
        "orders: what is held in stock is what live orders wait for",
        count="SELECT count(*) FROM catalog_reservation WHERE state = 'open'",
        wrong="SELECT format('%s line %s holds %s and waits for %s', h.\"order\", h.line, h.held,"
        " coalesce(l.quantity - l.cancelled - l.fulfilled, 0))"
        " FROM (SELECT \"order\", line, sum(quantity) AS held FROM catalog_reservation WHERE state = 'open'"
        '   GROUP BY 1, 2) h LEFT JOIN orders_order o ON o.number = h."order"'
        " AND o.status IN ('awaiting_payment', 'placed', 'in_progress')"
        " LEFT JOIN orders_orderline l ON l.order_id = o.id AND l.position = h.line"
        " WHERE h.held > coalesce(l.quantity - l.cancelled - l.fulfilled, 0)",
    ),
    sql_check(
        "orders: what live orders wait for is held in stock, or said to be short",
        count=f"SELECT count(*) FROM orders_order o WHERE {_OURS}"
        " AND status IN ('awaiting_payment', 'placed', 'in_progress')",
        wrong="SELECT format('%s line %s waits for %s and holds %s', o.number, l.position,"
        " l.quantity - l.cancelled - l.fulfilled, coalesce(h.held, 0))"
        " FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id LEFT JOIN LATERAL"
        ' (SELECT sum(quantity) AS held FROM catalog_reservation r WHERE r."order" = o.number AND r.line = l.position'
        f"   AND r.state = 'open') h ON true WHERE {_OURS} AND l.variant_id IS NOT NULL"
        " AND o.status IN ('awaiting_payment', 'placed', 'in_progress')"
        " AND l.quantity - l.cancelled - l.fulfilled > coalesce(h.held, 0)"
        " AND NOT EXISTS (SELECT 1 FROM orders_orderexception x WHERE x.order_id = o.id AND x.code = 'short')",
    ),
    sql_check(
        "orders: a coupon was used by an order that is there",
        count="SELECT count(*) FROM catalog_couponuse",
        wrong="SELECT format('coupon use %s names %s', u.id, u.\"order\") FROM catalog_couponuse u"
        ' LEFT JOIN orders_order o ON o.number = u."order" WHERE o.id IS NULL'
        " OR (u.returned_at IS NULL AND o.status = 'cancelled')",
    ),
    sql_check(
        "orders: what is known of a customer is what their orders say",
        count="SELECT count(*) FROM customers_customerfacts",
        wrong="SELECT format('customer %s: %s known, %s there', f.customer_id, f.orders_count, coalesce(n.orders, 0))"
        " FROM customers_customerfacts f LEFT JOIN (SELECT m.customer_id, count(*) AS orders FROM orders_order o"
        " JOIN customers_membership m ON m.source_record_id = o.source_record_id"
        f" WHERE {_OURS} AND o.status <> 'cancelled' GROUP BY 1) n ON n.customer_id = f.customer_id"
        " WHERE f.orders_count <> coalesce(n.orders, 0)",
    ),
    sql_check(
        "orders: collected, delivered or ended goods have no live pick-up code",
        count="SELECT count(*) FROM orders_pickupcode",
        wrong="SELECT format('code %s of fulfilment %s', c.id, f.id) FROM orders_pickupcode c"
        " JOIN orders_fulfilment f ON f.id = c.fulfilment_id WHERE c.ended_at IS NULL AND f.ended_at IS NOT NULL",
    ),
    sql_check(
        "orders: one pick-up code of goods is live, and five wrong tries lock it",
        count="SELECT count(*) FROM orders_pickupcode",
        wrong="SELECT format('fulfilment %s', fulfilment_id) FROM orders_pickupcode GROUP BY fulfilment_id"
        " HAVING count(*) FILTER (WHERE ended_at IS NULL) > 1 OR bool_or(wrong_tries >= 5 AND locked_at IS NULL)",
    ),
]
