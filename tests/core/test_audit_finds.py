"""Each check of the audit finds what it is there for: one violation is forced in, and that check alone says so.

Triggers and foreign keys are off while it is planted, and the constraints in its way are taken down first; all is
rolled back afterwards. Every check has a row in PLANTED, or a test here fails.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from catalog.models import DueOffer, Offer
from catalog.offers import refresh_due, refresh_offers
from customers.identity import merge
from customers.models import Identifier
from loyalty import gift_cards, rewards
from omni.channels.models import ChannelHealth, Delivery, ExternalId, InboundEvent
from omni.core import clock
from omni.core.audit import all_checks
from omni.core.models import Hearing, OutboxMessage
from orders import fulfilling, pickup
from orders.returning import ReturnWish, return_goods
from tests.factories.catalog import CouponFactory, PromotionFactory
from tests.factories.customers import person
from tests.factories.loyalty import give_points
from tests.factories.orders import make_shop, place

pytestmark = pytest.mark.django_db
ORDER = "(SELECT id FROM orders_order WHERE note = '{}')"
LINE = f"(SELECT min(id) FROM orders_orderline WHERE order_id = {ORDER})"
NUMBER = "(SELECT number FROM orders_order WHERE note = '{}')"
DEPOT = "WHERE location_id = (SELECT id FROM core_location WHERE code = 'depot')"
WORD = "INSERT INTO catalog_dueoffer (variant_id, due_at) SELECT id, now() FROM catalog_variant"
RECORD = "(SELECT source_record_id FROM customers_identifier WHERE value LIKE '{}%' ORDER BY id DESC LIMIT 1)"
MERGED = "(SELECT id FROM customers_customer WHERE merged_into_id IS NOT NULL)"
MONEY = "(SELECT id FROM loyalty_account WHERE unit = 'VND' AND kind = 'issued')"
POINTS = "(SELECT id FROM loyalty_account WHERE unit = 'points' AND kind = '{}' AND source_record_id IS NULL)"
CARD = "(SELECT {}(account_id) FROM loyalty_giftcard)"
HELD = "(SELECT id FROM loyalty_account WHERE kind = 'held' AND balance > 0)"
PERSON = (
    "INSERT INTO customers_customer (name, phone, email, language, address, preferences, provenance, search_text,"
    " created_at, merged_into_id) VALUES ('', '', '', 'vi', '{{}}', '{{}}', '{{}}', '', now(), {})"
)
USD = (
    "INSERT INTO catalog_price (variant_id, currency, amount, floor, tax_included, valid_from, reason, changed_by,"
    " created_at) SELECT min(id), 'USD', 5, {}, true, now() - interval '1 day' * {}, '', '', now() FROM catalog_variant"
)
ENTRY = (
    'INSERT INTO loyalty_entry (from_account_id, to_account_id, amount, reason, source_kind, source, "order", note,'
    " made_by, made_at, reverses_id) VALUES ({}, {}, {}, '{}', '{}', {}, {}, '', 'x', now(), {})"
)
HOLD = (
    'INSERT INTO catalog_reservation (variant_id, location_id, quantity, "order", line, state, created_at)'
    " SELECT variant_id, location_id, 1, {}, line, 'open', now() FROM catalog_reservation r"
    " WHERE r.state = 'open' AND r.quantity = 2 LIMIT 1"
)
DELIVERY = (
    "INSERT INTO channels_delivery (channel_id, topic, key, wanted, delivered, state, urgency, payload, due_at,"
    " attempts, last_error, leased_by, overwrite)"
    " SELECT id, 'notice', 'x', 1, {}, 'due', 2, '{{}}', now(), 0, '', '', false FROM core_channel WHERE code = 'web'"
)

# What is done to the database, statement by statement, that this check alone must find.
PLANTED: dict[str, list[str]] = {
    "customers: every source record belongs to a customer": [
        "INSERT INTO customers_sourcerecord (channel_id, name, told, created_at)"
        " SELECT min(id), '', '{}', now() FROM core_channel"
    ],
    "customers: customers are what the link decisions say": [
        "UPDATE customers_membership SET customer_id ="
        f" (SELECT customer_id FROM customers_membership WHERE source_record_id = {RECORD.format('hoa')})"
        f" WHERE source_record_id = {RECORD.format('lan')}"
    ],
    "customers: an active customer has source records": [PERSON.format("NULL")],
    "customers: who was merged away has no records and points to an active customer": [PERSON.format(MERGED)],
    "customers: a verified identifier has one owner": [
        "DROP INDEX verified_identifier_one_owner",
        "INSERT INTO customers_identifier (source_record_id, kind, value, verified_at, verified_by, valid_from)"
        f" SELECT {RECORD.format('hoa')}, kind, value, now(), '', now() FROM customers_identifier"
        " WHERE verified_at IS NOT NULL AND valid_until IS NULL LIMIT 1",
    ],
    "customers: a customer token speaks for a source record that exists": [
        "INSERT INTO core_token (kind, fingerprint, source_record, rights, label, created_at)"
        " VALUES ('customer', 'x', 999999999, '[]', '', now())"
    ],
    "customers: facts are those of active customers": [
        "INSERT INTO customers_customerfacts (customer_id, segments, tier, orders_count, totals)"
        f" VALUES ({MERGED}, '{{}}', '', 0, '{{}}')"
    ],
    "stock: a level is the sum of its movements": [
        f"UPDATE catalog_stocklevel SET on_hand = on_hand + 1 {DEPOT}",
        WORD,
    ],
    "stock: reserved is the sum of open reservations": [f"UPDATE catalog_stocklevel SET reserved = 1 {DEPOT}", WORD],
    "stock: no more is reserved than is on hand, and never less than nothing": [
        "ALTER TABLE catalog_stocklevel DROP CONSTRAINT reserved_within_on_hand",
        "INSERT INTO catalog_movement (variant_id, location_id, quantity, reason, source_kind, source, note, moved_by,"
        " moved_at) SELECT variant_id, location_id, -on_hand, 'count', '', '', '', 'x', now() FROM catalog_stocklevel"
        " WHERE reserved > 0",
        "UPDATE catalog_stocklevel SET on_hand = 0 WHERE reserved > 0",
        WORD,
    ],
    "stock: one live reservation of an order's line at a location": [
        "DROP INDEX one_live_reservation",
        HOLD.format("r.order"),
        "UPDATE catalog_reservation SET quantity = 1 WHERE state = 'open' AND quantity = 2",
    ],
    "prices: two of a variant and currency never overlap": [
        "ALTER TABLE catalog_price DROP CONSTRAINT price_never_overlaps",
        USD.format(0, 1),
        USD.format(0, 2),
    ],
    "prices: none below its floor": [
        "ALTER TABLE catalog_price DROP CONSTRAINT price_not_below_floor",
        USD.format(6, 1),
    ],
    "offers: each is what the tables say now": ["UPDATE catalog_offer SET price = 1"],
    "offers: whatever is on sale with a price has one": ["DELETE FROM catalog_offer"],
    "coupons: used as often as their live uses say, no more than allowed": [
        "UPDATE catalog_coupon SET used = used + 1"
    ],
    "promotions: none gives more than its budget": [
        "ALTER TABLE catalog_promotion DROP CONSTRAINT promotion_within_budget",
        "UPDATE catalog_promotion SET budget = 1, spent = 2",
    ],
    "ledger: a balance is the sum of its entries": [
        f"UPDATE loyalty_account SET balance = balance + 1 WHERE id = {CARD.format('min')}",
        f"UPDATE loyalty_account SET balance = balance - 1 WHERE id = {CARD.format('max')}",
    ],
    "ledger: everything adds up to zero in each unit and programme": [
        ENTRY.format(MONEY, POINTS.format("issued"), 1, "adjust", "x", "'1'", "''", "NULL")
    ],
    "ledger: no account is below zero that may not be": [
        "ALTER TABLE loyalty_account DROP CONSTRAINT account_not_overdrawn",
        ENTRY.format(CARD.format("min"), MONEY, 900_000, "adjust", "x", "'1'", "''", "NULL"),
        f"UPDATE loyalty_account SET balance = balance - 900000 WHERE id = {CARD.format('min')}",
    ],
    "ledger: what is left in lots is what can be spent": [
        "INSERT INTO loyalty_allocation (entry_id, lot_id, amount)"
        " SELECT (SELECT max(id) FROM loyalty_entry), max(id), 1 FROM loyalty_lot WHERE remaining > 0",
        "UPDATE loyalty_lot SET remaining = remaining - 1"
        " WHERE id = (SELECT max(id) FROM loyalty_lot WHERE remaining > 0)",
    ],
    "ledger: what was taken of a lot is what is missing from it": [
        "INSERT INTO loyalty_allocation (entry_id, lot_id, amount)"
        " SELECT (SELECT max(id) FROM loyalty_entry), max(id), 1 FROM loyalty_lot"
    ],
    "ledger: a lot is of the account that its entry came into": [
        "UPDATE loyalty_lot SET entry_id = (SELECT min(id) FROM loyalty_entry WHERE reason = 'earn')"
        " WHERE id = (SELECT min(id) FROM loyalty_lot)"
    ],
    "ledger: a reversal mirrors its entry, and happens once": [
        ENTRY.format(
            POINTS.format("issued"),
            POINTS.format("redeemed"),
            1,
            "reverse",
            "x",
            "'1'",
            "''",
            "(SELECT min(id) FROM loyalty_entry)",
        )
    ],
    "points: an order earned once, and what it earned was posted": [
        ENTRY.format(POINTS.format("issued"), POINTS.format("revoked"), 1, "earn", "order", "'OLD-1'", "''", "NULL")
    ],
    "points: released once, less what returns had taken by then": [
        ENTRY.format(
            POINTS.format("issued"),
            POINTS.format("revoked"),
            1,
            "release",
            "order",
            NUMBER.format("sold"),
            "''",
            "NULL",
        )
    ],
    "points: what returns took back is what their rows say": ["UPDATE loyalty_clawback SET basis = basis + 1"],
    "points: pending is what unreleased orders still wait for": [
        f"UPDATE loyalty_accrual SET source_record_id = {RECORD.format('hoa')} WHERE released_at IS NULL"
    ],
    "points: a hold is in the state that its entries say": [
        ENTRY.format(
            POINTS.format("issued"), POINTS.format("revoked"), 1, "hold", "x", "'1'", NUMBER.format("held"), "NULL"
        )
    ],
    "points: what is held is what open holds hold": [
        ENTRY.format(HELD, POINTS.format("issued"), 1, "adjust", "x", "'1'", "''", "NULL"),
        f"UPDATE loyalty_account SET balance = balance - 1 WHERE id = {HELD}",
    ],
    "points: adjustments that were done were posted, the others were not": [
        "UPDATE loyalty_adjustment SET points = points + 1"
    ],
    "gift cards: a card is an account of its own kind, and a told number is kept as a fingerprint": [
        "UPDATE loyalty_giftcard SET fingerprint = NULL"
    ],
    "orders: an order is the sum of its lines and charges": [
        f"UPDATE orders_orderline SET list_total = list_total + 1, total = total + 1 WHERE id = {LINE.format('unpaid')}"
    ],
    "orders: an order's total is lines and charges less discounts": [
        "ALTER TABLE orders_order DROP CONSTRAINT order_total_adds_up",
        "UPDATE orders_order SET total = total + 1 WHERE note = 'unpaid'",
    ],
    "orders: a channel's order is here once": [
        "DROP INDEX order_once_per_channel",
        "UPDATE orders_order SET external_id = 'x' WHERE channel_id = (SELECT id FROM core_channel WHERE code = 'web')",
    ],
    "orders: no more is cancelled and handed over than was ordered": [
        "ALTER TABLE orders_orderline DROP CONSTRAINT line_not_over_fulfilled",
        f"UPDATE orders_orderline SET fulfilled = quantity + 1 WHERE id = {LINE.format('sold')}",
    ],
    "orders: no more comes back than was handed over": [
        "ALTER TABLE orders_orderline DROP CONSTRAINT line_not_over_returned",
        "UPDATE orders_orderline SET fulfilled = 0 WHERE returned > 0",
    ],
    "orders: what lines count as returned is what returns hold": [
        "UPDATE orders_orderline SET returned = returned + 1 WHERE returned > 0"
    ],
    "orders: no more is refunded than was captured, and payments know what refunds say": [
        f"UPDATE orders_payment SET refunded = 1 WHERE order_id = {ORDER.format('ready')}"
    ],
    "orders: a return's refund is the sum of its refunds": ["UPDATE orders_return SET total = total + 1"],
    "orders: what is done was paid for": [
        f"UPDATE orders_payment SET amount = amount - 1000 WHERE order_id = {ORDER.format('sold')}"
    ],
    "orders: what is held in stock is what live orders wait for": [
        HOLD.format("'X-0'"),
        "UPDATE catalog_stocklevel l SET reserved = reserved + 1 FROM catalog_reservation r"
        " WHERE r.order = 'X-0' AND (r.variant_id, r.location_id) = (l.variant_id, l.location_id)",
        WORD,
    ],
    "orders: what live orders wait for is held in stock, or said to be short": [
        "UPDATE catalog_stocklevel l SET reserved = reserved - r.quantity FROM catalog_reservation r"
        " WHERE r.state = 'open' AND r.quantity = 2 AND (r.variant_id, r.location_id) = (l.variant_id, l.location_id)",
        "UPDATE catalog_reservation SET state = 'released' WHERE state = 'open' AND quantity = 2",
        WORD,
    ],
    "orders: a coupon was used by an order that is there": ["UPDATE catalog_couponuse SET \"order\" = 'X-0'"],
    "orders: what is known of a customer is what their orders say": [
        "UPDATE customers_customerfacts SET orders_count = orders_count + 1"
    ],
    "orders: collected, delivered or ended goods have no live pick-up code": [
        f"UPDATE orders_fulfilment SET ended_at = now() WHERE order_id = {ORDER.format('ready')}"
    ],
    "orders: one pick-up code of goods is live, and five wrong tries lock it": [
        "ALTER TABLE orders_pickupcode DROP CONSTRAINT pickup_five_tries_lock",
        "UPDATE orders_pickupcode SET wrong_tries = 5 WHERE ended_at IS NULL",
    ],
    "No channel was given more than was wanted": [
        "ALTER TABLE channels_delivery DROP CONSTRAINT delivered_within_wanted",
        DELIVERY.format(2),
    ],
    "No channel was given a version newer than its offer": [
        "UPDATE channels_delivery SET wanted = wanted + 100, delivered = delivered + 100"
    ],
    "One delivery for each channel, topic and key": [
        "ALTER TABLE channels_delivery DROP CONSTRAINT delivery_once",
        DELIVERY.format(1),
        DELIVERY.format(1),
    ],
    "What is delivered is at the version that is wanted": ["UPDATE channels_delivery SET delivered = 0"],
    "Every offer is told to every live channel": ["DELETE FROM channels_delivery"],
    "A channel calls each of our things by one name, and no name twice": [
        "ALTER TABLE channels_externalid DROP CONSTRAINT external_id_of_ours",
        "INSERT INTO channels_externalid (channel_id, kind, ours, theirs)"
        " SELECT channel_id, kind, ours, 'other' FROM channels_externalid",
    ],
    "An event that a channel sent was taken once": [
        "ALTER TABLE channels_inboundevent DROP CONSTRAINT inbound_event_once",
        "INSERT INTO channels_inboundevent (channel_id, event_id, received_at)"
        " SELECT channel_id, event_id, received_at FROM channels_inboundevent",
    ],
    "Each hearer heard each message once": [
        "ALTER TABLE core_hearing DROP CONSTRAINT heard_once",
        "INSERT INTO core_hearing (message_id, hearer, heard_at) SELECT message_id, hearer, heard_at FROM core_hearing",
    ],
}


def at_work() -> None:
    """A shop in which everything that a check looks at has happened once."""
    now = clock.now()
    shop = make_shop()
    lan = person("Lan", phone="0912345678", email="lan@example.com", verified=True, now=now).customer
    other = person("Lan Nguyen", email="lan.two@example.com", now=now).customer
    lan = merge(keep=lan, absorb=other, reason="the same", by="staff:mai", now=now)
    hoa = person("Hoa", email="hoa@example.com", now=now)
    record = Identifier.objects.get(value="lan@example.com").source_record_id
    give_points(record, 1_000, order="OLD-1", now=now)
    PromotionFactory(code="tet", needs_coupon=True, budget=1_000_000)
    CouponFactory(code="TET", promotion__code="for-tet", max_uses=5)
    sold = place(
        shop, [("SOCKS", 3)], now=now, method="carry_out", location=None, pay="cash", channel=shop.till,
        till=shop.hanoi, customer=lan.pk, note="sold",
    )  # fmt: skip
    return_goods(
        order_id=sold.pk, location=shop.saigon, lines=[ReturnWish("SOCKS", 1, "x", "sellable")], by="x", now=now
    )
    place(shop, [("SOCKS", 2)], now=now, customer=lan.pk, points_to_spend=10, coupons=["TET"], note="held")
    place(shop, [("SHIRT", 1)], now=now, pay=None, note="unpaid", external_id="A-1")
    ready = place(shop, [("SHIRT", 1)], now=now, note="ready").fulfilments.get()
    fulfilling.pick(fulfilment_id=ready.pk, lines=None, by="x", now=now)
    fulfilling.ready(fulfilment_id=ready.pk, by="x", now=now)
    pickup.issue_code(fulfilment_id=ready.pk, now=now)
    rewards.adjust(source_record=hoa.source_record.pk, points=10, reason="sorry", by="staff:mai", now=now)
    for _card in range(2):
        card = gift_cards.issue(amount=500_000, currency="VND", by="x", now=now, payment="cash")
        gift_cards.tell_number(gift_card_id=card.pk, now=now)
    refresh_offers(variant_ids=[shop.shirt.pk, shop.socks.pk], now=now)
    refresh_due(now=now)
    told_to(shop.web, now)


def told_to(web, now) -> None:
    web.adapter = "reference"
    web.save(update_fields=["adapter"])
    ChannelHealth.objects.update_or_create(channel=web, defaults={"seeded_at": now})
    for offer in Offer.objects.select_related("variant"):
        Delivery.objects.create(
            channel=web, topic="offer", key=offer.variant.sku, wanted=offer.version, delivered=offer.version,
            state="done", due_at=now,
        )  # fmt: skip
    OutboxMessage.objects.update(relayed_at=now)
    Hearing.objects.create(message=OutboxMessage.objects.earliest("pk"), hearer="x", heard_at=now)
    ExternalId.objects.create(channel=web, kind="order", ours="W-1", theirs="1")
    InboundEvent.objects.create(channel=web, event_id="1", received_at=now)


@pytest.fixture(scope="module")
def shop(django_db_setup, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        at_work()
        connection.check_constraints()
        yield
        transaction.set_rollback(True)


def failing() -> list[str]:
    return [check.name for check in all_checks() if check.look().wrong]


def test_a_shop_at_work_is_clean(shop):
    assert not DueOffer.objects.exists()
    assert failing() == []
    assert [check.name for check in all_checks() if not check.look().rows and "token" not in check.name] == [
        "ledger: a reversal mirrors its entry, and happens once"
    ]


@pytest.mark.parametrize("name", [check.name for check in all_checks()])
def test_what_is_planted_is_found_by_its_check_alone(shop, name):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for statement in PLANTED[name]:
                cursor.execute(statement)
        found = failing()
        transaction.set_rollback(True)
    assert found == [name]


def test_nothing_is_planted_for_a_check_that_is_gone():
    assert set(PLANTED) == {check.name for check in all_checks()}
