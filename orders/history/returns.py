"""Writes returned lines, each linked to the sale it belongs to where one can be found."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from omni.core.db import execute, fetch_all
from orders.history.lines import PART_SIGN
from orders.history.matching import Returned, Sold, match
from orders.history.sales import Books, refuse
from orders.models import OrderEvent, OrderException, Refund, Return, ReturnLine, Tender

LINES = 2000
NOT_FOUND = "sale_not_found"

# Whose returns belong together: what one customer brought back competes for the same sales.
_DOCUMENTS = """
SELECT customer, doc, count(*) FROM orders_historyrow WHERE run_id = %s AND kind = 'return'
GROUP BY customer, doc ORDER BY customer, doc
"""

# Documents that are here already, and whether they are as told. A return may stand here in several parts.
_KNOWN = """
WITH told AS (
  SELECT document, count(*) AS lines, -sum(amount) AS total FROM orders_historyrow
  WHERE run_id = %(run)s AND doc = ANY(%(docs)s) AND kind = 'return' GROUP BY document
), part AS (
  SELECT t.document, p.id, p.total FROM told t
  CROSS JOIN LATERAL generate_series(1, t.lines) n
  JOIN orders_return p ON p.channel_id = %(channel)s AND p.history
    AND p.external_id = t.document || CASE WHEN n = 1 THEN '' ELSE %(sign)s || n END
), here AS (
  SELECT document, sum(total) AS total,
    sum((SELECT count(*) FROM orders_returnline l WHERE l.of_id = part.id)) AS lines
  FROM part GROUP BY document
)
SELECT t.document, (h.total, h.lines) IS NOT DISTINCT FROM (t.total, t.lines) FROM told t
LEFT JOIN here h USING (document)
WHERE h.document IS NOT NULL OR EXISTS (SELECT FROM orders_return p WHERE p.channel_id = %(channel)s
    AND p.external_id = t.document) OR EXISTS (SELECT FROM orders_return p WHERE p.number = %(prefix)s || t.document)
"""

_RETURNED = """
SELECT r.doc, r.position, r.row, s.id, r.sku, -r.quantity, r.unit_price, -r.amount, r.happened_at, r.document
FROM orders_historyrow r
LEFT JOIN customers_sourcerecord s
  ON r.customer <> '' AND s.channel_id = %(channel)s AND s.external_id = r.customer
WHERE r.run_id = %(run)s AND r.doc = ANY(%(docs)s) AND r.kind = 'return' AND NOT r.document = ANY(%(known)s)
"""

# What these customers bought of these SKUs before, from this channel's history; its orders are locked.
_SOLD = """
SELECT l.id, o.id, p.id, o.source_record_id, l.sku, l.unit_price, o.placed_at, l.fulfilled - l.returned,
  coalesce(p.amount - p.refunded, 0)
FROM (SELECT DISTINCT * FROM unnest(%(records)s::bigint[], %(skus)s::text[]) AS w (record, sku)) wanted
JOIN orders_order o ON o.source_record_id = wanted.record AND o.channel_id = %(channel)s AND o.history
JOIN orders_orderline l ON l.order_id = o.id AND l.sku = wanted.sku AND l.fulfilled > l.returned
LEFT JOIN orders_payment p ON p.order_id = o.id AND p.status = 'captured'
ORDER BY o.id FOR NO KEY UPDATE OF o
"""

_COUNT_RETURNED = """
UPDATE orders_orderline l SET returned = l.returned + b.quantity
FROM (SELECT line, sum(quantity) AS quantity FROM unnest(%s::bigint[], %s::int[]) AS x (line, quantity) GROUP BY 1) b
WHERE l.id = b.line
"""


@dataclass(frozen=True, slots=True)
class _Part:
    """The lines of one return document that belong to one order, or to none that could be found."""

    number: str
    order: int | None
    payment: int | None
    lines: Sequence[tuple[Returned, Sold | None]]

    @property
    def total(self) -> int:
        return sum(line.amount for line, _ in self.lines)

    @property
    def first(self) -> Returned:
        return self.lines[0][0]


def chunks(run: int) -> Iterator[tuple[list[int], int]]:
    """Return documents in groups of about LINES lines that never part a customer's, with their number of lines.

    Lines without a customer compete for nothing, so they may be parted anywhere.
    """
    docs: list[int] = []
    lines, last = 0, ""
    for customer, doc, count in fetch_all(_DOCUMENTS, [run]):
        if lines >= LINES and (customer != last or not customer):
            yield docs, lines
            docs, lines = [], 0
        docs.append(doc)
        lines, last = lines + count, customer
    if docs:
        yield docs, lines


def write_returns(*, books: Books, docs: Sequence[int]) -> None:
    """Write the returns of these documents; a step of a transaction, which locks the orders they belong to.

    Documents that are here as told are left alone, those that differ have their lines refused.
    """
    params = {**books.params(0, 0), "docs": list(docs), "sign": PART_SIGN}
    known = dict(fetch_all(_KNOWN, params))
    otherwise = [document for document, same in known.items() if not same]
    if otherwise:
        refuse(books, otherwise, min(docs), max(docs), ["return"])
    rows = fetch_all(_RETURNED, {**params, "known": list(known)})
    documents = {row[0]: row[-1] for row in rows}
    returned = [Returned(*row[:-1]) for row in rows]
    found = match(returned, _sold(books, returned))
    _save(books, list(_parts(found, documents)))


def _sold(books: Books, returned: Iterable[Returned]) -> list[Sold]:
    wanted = {(line.record, line.sku) for line in returned if line.record is not None}
    if not wanted:
        return []
    params = {"records": [w[0] for w in wanted], "skus": [w[1] for w in wanted], "channel": books.channel.pk}
    return [Sold(*row) for row in fetch_all(_SOLD, params)]


def _parts(found: Iterable[tuple[Returned, Sold | None]], documents: dict[int, str]) -> Iterator[_Part]:
    grouped: dict[int, dict[int | None, list[tuple[Returned, Sold | None]]]] = {}
    for line, sale in sorted(found, key=lambda pair: (pair[0].doc, pair[0].position)):
        grouped.setdefault(line.doc, {}).setdefault(sale.order if sale else None, []).append((line, sale))
    for doc, by_order in grouped.items():
        for index, (order, lines) in enumerate(by_order.items(), start=1):
            sale = lines[0][1]
            number = documents[doc] if index == 1 else f"{documents[doc]}{PART_SIGN}{index}"
            yield _Part(number, order, sale.payment if sale else None, lines)


def _save(books: Books, parts: Sequence[_Part]) -> None:
    returns = Return.objects.bulk_create(
        Return(
            number=f"{books.prefix}{part.number}",
            order_id=part.order,
            channel=books.channel,
            source_record_id=part.first.record,
            external_id=part.number,
            currency=books.currency,
            total=part.total,
            history=True,
            returned_at=_when(part),
        )
        for part in parts
    )
    pairs = list(zip(returns, parts, strict=True))
    ReturnLine.objects.bulk_create(
        (
            ReturnLine(
                of=row,
                position=line.position,
                order_line_id=sale.line if sale else None,
                sku=line.sku,
                quantity=line.quantity,
                amount=line.amount,
            )
            for row, part in pairs
            for line, sale in part.lines
        ),
        batch_size=2000,
    )
    matched = [(sale.line, line.quantity) for part in parts for line, sale in part.lines if sale]
    execute(_COUNT_RETURNED, [[line for line, _ in matched], [quantity for _, quantity in matched]])
    Refund.objects.bulk_create(
        Refund(
            order_id=part.order,
            payment_id=part.payment,
            of_return=row,
            tender=Tender.TRANSFER,
            amount=part.total,
            reason="return",
            made_by=books.by,
            made_at=row.returned_at,
        )
        for row, part in pairs
        if part.total > 0
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order_id=part.order, kind="returned", data={"return": row.number}, by=books.by, happened_at=row.returned_at
        )
        for row, part in pairs
        if part.order
    )
    OrderException.objects.bulk_create(
        OrderException(
            of_return=row,
            code=NOT_FOUND,
            details={"row": line.row, "sku": line.sku, "quantity": line.quantity, "amount": line.amount},
            raised_at=books.run.started_at,
        )
        for row, part in pairs
        for line, sale in part.lines
        if sale is None
    )


def _when(part: _Part) -> datetime:
    return min(line.happened_at for line, _ in part.lines)
