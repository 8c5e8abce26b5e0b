"""Writes the sales of a range of documents, and what stands in the books beside sales and returns."""

from dataclasses import dataclass
from typing import Any

from omni.core.db import execute, fetch_all
from omni.core.models import Channel, ImportProblem, ImportRun

DOCUMENTS = 1000
# Leaves room for a document's own number in the number of an order.
LONGEST_PREFIX = 12

# Orders of the shop that bear a number of these documents: the same as told (then they are left alone), or not.
_KNOWN = """
WITH told AS (
  SELECT document, count(*) FILTER (WHERE kind = 'sale') AS lines,
    coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0) AS listed,
    coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged
  FROM orders_historyrow
  WHERE run_id = %(run)s AND doc BETWEEN %(first)s AND %(last)s AND kind IN ('sale', 'charge')
  GROUP BY document
), known AS (
  SELECT t.document, o.id FROM told t
  JOIN orders_order o ON o.channel_id = %(channel)s AND o.external_id = t.document
  UNION
  SELECT t.document, o.id FROM told t JOIN orders_order o ON o.number = %(prefix)s || t.document
)
SELECT t.document FROM known k JOIN told t USING (document) JOIN orders_order o USING (id)
WHERE NOT (o.history AND o.channel_id = %(channel)s AND o.external_id = t.document AND o.currency = %(currency)s
  AND o.list_total = t.listed AND o.charges_total = t.charged
  AND (SELECT count(*) FROM orders_orderline l WHERE l.order_id = o.id) = t.lines)
"""

_REFUSE = """
UPDATE orders_historyrow SET kind = 'refused'
WHERE run_id = %s AND document = ANY(%s) AND doc BETWEEN %s AND %s AND kind = ANY(%s)
RETURNING row, document
"""

# One statement: orders that are not there yet, their lines, their event, and the money as one captured payment.
_WRITE = """
WITH line AS MATERIALIZED (
  SELECT r.*, v.id AS variant_id FROM orders_historyrow r
  LEFT JOIN catalog_variant v ON r.kind = 'sale' AND v.sku = r.sku
  WHERE r.run_id = %(run)s AND r.doc BETWEEN %(first)s AND %(last)s AND r.kind IN ('sale', 'charge')
), document AS (
  SELECT document, min(doc) AS doc, min(customer) AS customer, min(country) AS country,
    min(happened_at) AS placed_at,
    coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0) AS listed,
    coalesce(sum(amount) FILTER (WHERE kind = 'charge'), 0) AS charged,
    coalesce(jsonb_agg(jsonb_build_object('code', sku, 'amount', amount) ORDER BY position)
      FILTER (WHERE kind = 'charge'), '[]') AS charges
  FROM line GROUP BY document
), made AS (
  INSERT INTO orders_order (number, channel_id, external_id, source_record_id, status, currency, list_total,
    discount_total, charges_total, tax_total, tax_included, total, contact, charges, order_adjustments, coupons,
    points_spent, points_earned, note, sold_by, history, placed_at, completed_at)
  SELECT %(prefix)s || d.document, %(channel)s, d.document, s.id, 'completed', %(currency)s, d.listed,
    0, d.charged, 0, true, d.listed + d.charged,
    CASE WHEN d.country = '' THEN '{}' ELSE jsonb_build_object('address', jsonb_build_object('country', d.country)) END,
    d.charges, '[]', '[]', 0, 0, '', '', true, d.placed_at, d.placed_at
  FROM document d
  LEFT JOIN customers_sourcerecord s
    ON d.customer <> '' AND s.channel_id = %(channel)s AND s.external_id = d.customer
  WHERE NOT EXISTS (
    SELECT FROM orders_order o WHERE o.channel_id = %(channel)s AND o.external_id = d.document)
  ORDER BY d.doc
  RETURNING id, external_id, total, placed_at
), lined AS (
  INSERT INTO orders_orderline (order_id, position, variant_id, sku, name, quantity, unit_price, list_total,
    discount_total, tax, tax_rate, total, adjustments, cancelled, fulfilled, returned)
  SELECT m.id, l.position, l.variant_id, l.sku, l.name, l.quantity, l.unit_price, l.amount,
    0, 0, 0, l.amount, '[]', 0, l.quantity, 0
  FROM made m JOIN line l ON l.document = m.external_id AND l.kind = 'sale'
  ORDER BY m.id, l.position
), told AS (
  INSERT INTO orders_orderevent (order_id, kind, data, by, happened_at)
  SELECT id, 'taken_over', jsonb_build_object('import', %(run)s::bigint), %(by)s, placed_at FROM made
)
INSERT INTO orders_payment (order_id, tender, status, amount, refunded, reference, paid_from, created_at, captured_at)
SELECT id, 'transfer', 'captured', total, 0, '', '', placed_at, placed_at FROM made WHERE total > 0
"""

_BESIDE = """
INSERT INTO orders_historyadjustment (channel_id, external_id, position, kind, source_record_id, sku, quantity,
  amount, currency, note, run_id, row, happened_at)
SELECT %(channel)s, r.document, r.position, r.kind, s.id, r.sku, r.quantity, r.amount, %(currency)s, r.name,
  r.run_id, r.row, r.happened_at
FROM orders_historyrow r
LEFT JOIN customers_sourcerecord s
  ON r.customer <> '' AND s.channel_id = %(channel)s AND s.external_id = r.customer
WHERE r.run_id = %(run)s AND r.doc BETWEEN %(first)s AND %(last)s
  AND r.kind IN ('adjustment', 'charge_back', 'write_off')
ORDER BY r.row
ON CONFLICT (channel_id, external_id, position) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Books:
    """Whose books are written, and under which names: the run, the channel, the prefix of its numbers."""

    run: ImportRun
    channel: Channel
    currency: str
    # What the file calls the column of the document's number.
    column: str

    @property
    def prefix(self) -> str:
        return f"{self.channel.code.upper()[:LONGEST_PREFIX]}-"

    @property
    def by(self) -> str:
        return f"import {self.run.pk}"

    def params(self, first: int, last: int) -> dict[str, Any]:
        return {
            "run": self.run.pk,
            "channel": self.channel.pk,
            "currency": self.currency,
            "prefix": self.prefix,
            "by": self.by,
            "first": first,
            "last": last,
        }


def write_sales(*, books: Books, first: int, last: int) -> None:
    """Write the orders, and what stands beside, of the documents `first` to `last`; a step of a transaction.

    An order that is there already as told is left alone; one that differs has its lines refused with
    `known_otherwise`, since what was written down once is not rewritten by a file.
    """
    params = books.params(first, last)
    otherwise = [row[0] for row in fetch_all(_KNOWN, params)]
    if otherwise:
        refuse(books, otherwise, first, last, ["sale", "charge"])
    execute("SET LOCAL work_mem = '64MB'")
    execute(_WRITE, params)
    execute(_BESIDE, params)


def refuse(books: Books, documents: list[str], first: int, last: int, kinds: list[str]) -> None:
    """Refuse the lines of documents that the shop knows otherwise, each with its row."""
    rows = fetch_all(_REFUSE, [books.run.pk, documents, first, last, kinds])
    ImportProblem.objects.bulk_create(
        ImportProblem(run=books.run, row=row, column=books.column, code="known_otherwise", value=document)
        for row, document in rows
    )
