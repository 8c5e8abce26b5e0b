"""Placing an order as a web shop does: three lines, collected in a store, paid by card."""

import itertools
import json
import uuid
from collections.abc import Iterator
from typing import Any

from catalog.benchmarks import fill_shop
from catalog.models import Price
from omni.core.benchmark import Benchmark, Contest
from omni.core.db import fetch_all, write
from orders.models import Order

# The same rows as an order leaves behind, by one statement; what is in them is copied from a real order.
_WRITE = """
WITH wanted AS (
  SELECT * FROM unnest(%(variants)s::bigint[], %(skus)s::text[], %(prices)s::bigint[])
    WITH ORDINALITY AS w (variant, sku, price, position)
), quoted AS (
  INSERT INTO orders_quote (id, channel_id, currency, basket, buyer, result, total, created_at, valid_until)
  VALUES (%(quote)s, %(channel)s, 'VND', %(basket)s, '{}', %(result)s, %(total)s, now(), now())
), placed AS (
  INSERT INTO orders_order (number, channel_id, quote_id, status, currency, list_total, discount_total,
    charges_total, tax_total, tax_included, total, contact, charges, order_adjustments, coupons, points_spent,
    points_earned, note, sold_by, history, placed_at)
  VALUES ('W-' || nextval('orders_order_serial'), %(channel)s, %(quote)s, 'placed', 'VND', %(total)s, 0, 0, 0, true,
    %(total)s, '{}', '[]', '[]', '[]', 0, 0, '', '', false, now()) RETURNING id, number
), lined AS (
  INSERT INTO orders_orderline (order_id, position, variant_id, sku, name, quantity, unit_price, list_total,
    discount_total, tax, tax_rate, total, adjustments, cancelled, fulfilled, returned)
  SELECT placed.id, w.position, w.variant, w.sku, w.sku, 1, w.price, w.price, 0, 0, 800, w.price, '[]', 0, 0, 0
  FROM placed, wanted w RETURNING id
), sent AS (
  INSERT INTO orders_fulfilment (order_id, method, status, source_id, pickup_id, address, carrier, tracking, bay,
    collected_by, created_at)
  SELECT id, 'bopis', 'new', %(store)s, %(store)s, '{}', '', '', '', '', now() FROM placed RETURNING id
), parts AS (
  INSERT INTO orders_fulfilmentline (fulfilment_id, order_line_id, quantity, picked)
  SELECT sent.id, lined.id, 1, 0 FROM sent, lined
), paid AS (
  INSERT INTO orders_payment (order_id, tender, status, amount, refunded, reference, paid_from, created_at, captured_at)
  SELECT id, 'card', 'captured', %(total)s, 0, '', '', now(), now() FROM placed
), told AS (
  INSERT INTO orders_orderevent (order_id, kind, data, by, happened_at)
  SELECT id, 'placed', %(event)s, 'benchmark', now() FROM placed
), outbox AS (
  INSERT INTO core_outboxmessage (kind, key, version, payload, created_at, attempts, last_error)
  SELECT 'order.placed', number, 0, '{"status": "placed"}', now(), 0, '' FROM placed
), kept AS (
  INSERT INTO core_keptanswer (caller, method, path, key, request_hash, status, body, created_at)
  SELECT 'benchmark', 'POST', '/api/v1/orders', number, repeat('x', 64), 201, %(body)s, now() FROM placed
), due AS (
  INSERT INTO catalog_dueoffer (variant_id, due_at) SELECT variant, now() FROM wanted
), taken AS (
  UPDATE catalog_stocklevel l SET reserved = l.reserved + 1 FROM wanted w
  WHERE l.variant_id = w.variant AND l.location_id = %(store)s AND l.on_hand - l.reserved - l.safety >= 1
)
INSERT INTO catalog_reservation (variant_id, location_id, quantity, "order", line, state, created_at)
SELECT w.variant, %(store)s, 1, placed.number, w.position, 'open', now() FROM placed, wanted w
RETURNING id
"""

_Goods = tuple[tuple[int, str, int], ...]


def _baskets() -> Iterator[_Goods]:
    """Three goods at a time (variant, SKU, price), others each time, over and over."""
    goods = itertools.cycle(Price.objects.order_by("variant_id").values_list("variant_id", "variant__sku", "amount"))
    while True:
        yield tuple(itertools.islice(goods, 3))


def _place(port: int) -> Contest:
    caller, baskets = fill_shop(port), _baskets()

    def ours() -> bytes:
        basket = next(baskets)
        body = {
            "lines": [{"sku": sku, "quantity": 1} for _variant, sku, _price in basket],
            "fulfilment": {"method": "bopis", "location": "store-0"},
            "payments": [{"tender": "card", "amount": sum(price for *_, price in basket)}],
        }
        return caller("POST", "/api/v1/orders", body, **{"Idempotency-Key": uuid.uuid4().hex})

    answer = ours().decode()
    real = Order.objects.select_related("quote").latest("pk")
    assert real.quote is not None
    copied: dict[str, Any] = {
        "channel": real.channel_id,
        "store": real.fulfilments.get().source_id,
        "basket": json.dumps(real.quote.basket),
        "result": json.dumps(real.quote.result),
        "event": json.dumps(real.events.earliest("pk").data),
        "body": answer,
    }

    def reference() -> None:
        basket = next(baskets)
        told = {
            "quote": uuid.uuid4(),
            "variants": [variant for variant, *_ in basket],
            "skus": [sku for _, sku, _ in basket],
            "prices": [price for *_, price in basket],
            "total": sum(price for *_, price in basket),
        }
        with write():
            fetch_all(_WRITE, copied | told)

    return Contest(ours, reference)


BENCHMARKS = [
    Benchmark(
        name="place order of 3 lines through HTTP",
        reference="hand-written SQL writing the same rows",
        goal=0.30,
        times=20,
        prepare=_place,
    )
]
