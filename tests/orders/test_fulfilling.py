"""From the shelf to the customer: one step at a time, collected once, by whoever has the code."""

from datetime import timedelta

import pytest
from django.db import connection

from catalog.models import Reservation
from loyalty.balances import balance_of
from omni.core import clock
from omni.core.models import OutboxMessage
from orders import fulfilling, pickup
from orders.cancelling import LineWish
from orders.expiring import expire_holds, expire_pickups
from orders.models import Fulfilment, Order, PickupCode
from orders.rejecting import reject
from orders.substituting import substitute
from tests.factories.customers import person
from tests.factories.loyalty import give_points
from tests.factories.orders import Api, place, refused

pytestmark = pytest.mark.django_db
BY = {"by": "test"}


def make_ready(order: Order, now) -> Fulfilment:
    row = order.fulfilments.get()
    fulfilling.pick(fulfilment_id=row.pk, lines=None, now=now, **BY)
    fulfilling.ready(fulfilment_id=row.pk, now=now, **BY)
    row.refresh_from_db()
    return row


def test_an_order_is_picked_made_ready_and_collected(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    order = place(shop, [("SHIRT", 2)], now=now, customer=lan.customer.pk)
    row = make_ready(order, now)
    order.refresh_from_db()
    assert order.status == "in_progress"
    assert row.expires_at == now + timedelta(days=7)
    code, _qr, expires_at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    assert expires_at == row.expires_at
    pickup.collect(fulfilment_id=row.pk, code=code.lower(), now=now, **BY)
    order.refresh_from_db()
    assert order.status == "completed"
    assert order.lines.get().fulfilled == 2
    assert shop.on_hand(shop.shirt, shop.hanoi) == (3, 0)
    assert balance_of([lan.source_record.pk]).pending == 200
    assert not PickupCode.objects.filter(ended_at=None).exists()


def test_the_signed_qr_collects_too_and_a_forged_one_does_not(shop, now):
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    _code, qr, _expires_at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    with refused("wrong_code"):
        pickup.collect(fulfilment_id=row.pk, signed_qr=qr[:-1] + ("0" if qr[-1] != "0" else "1"), now=now, **BY)
    pickup.collect(fulfilment_id=row.pk, signed_qr=qr, now=now, **BY)
    row.refresh_from_db()
    assert row.status == "collected"


def test_no_code_is_kept_as_it_is(shop, now):
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    code, _qr, _expires_at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    kept = PickupCode.objects.get(ended_at=None)
    assert code not in kept.fingerprint
    assert not OutboxMessage.objects.filter(payload__icontains=code).exists()


def test_a_new_code_ends_the_one_before(shop, now):
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    first, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    pickup.issue_code(fulfilment_id=row.pk, now=now)
    with refused("wrong_code"):
        pickup.collect(fulfilment_id=row.pk, code=first, now=now, **BY)


def test_a_message_tells_the_code_that_is_live_however_often_it_is_sent(shop, now):
    """Whoever asked for a code before the mail left keeps a code that works."""
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    asked, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    first, _qr, _at = pickup.tell_code(fulfilment_id=row.pk, now=now)
    second, qr, _at = pickup.tell_code(fulfilment_id=row.pk, now=now)
    assert asked == first == second
    pickup.collect(fulfilment_id=row.pk, signed_qr=qr, now=now, **BY)
    with refused("not_ready"):
        pickup.tell_code(fulfilment_id=row.pk, now=now)


def test_a_message_tells_a_new_code_where_the_last_one_is_too_old(shop, now):
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    old, _qr, ends_at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    new, _qr, _at = pickup.tell_code(fulfilment_id=row.pk, now=ends_at)
    assert new != old


def test_five_wrong_codes_lock_even_the_right_one_until_a_manager_unlocks(shop):
    now = clock.now()
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    code, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    till = Api(shop.till, shop.hanoi)
    for left in (4, 3, 2, 1, 0):
        answer = till.post(f"fulfilments/{row.pk}/collect", {"code": "WRONGONE"})
        assert answer.status_code == 403
        assert answer.json()["error"]["details"] == {"tries_left": left}
    answer = till.post(f"fulfilments/{row.pk}/collect", {"code": code})
    assert (answer.status_code, answer.json()["error"]["code"]) == (423, "code_locked")
    pickup.unlock_code(fulfilment_id=row.pk, reason="passport seen", now=now, **BY)
    assert till.post(f"fulfilments/{row.pk}/collect", {"code": code}).status_code == 200


def test_what_is_not_ready_is_not_handed_over(shop, now):
    row = place(shop, [("SHIRT", 1)], now=now).fulfilments.get()
    with refused("not_ready"):
        pickup.collect(fulfilment_id=row.pk, code="ANYTHING", now=now, **BY)
    assert Reservation.objects.get().state == "open"


def test_a_step_that_does_not_follow_is_refused(shop, now):
    row = place(shop, [("SHIRT", 1)], now=now).fulfilments.get()
    with refused("not_allowed_now"):
        fulfilling.ready(fulfilment_id=row.pk, now=now, **BY)
    row.refresh_from_db()
    assert row.status == "new"


def test_an_unpaid_order_is_not_picked(shop, now):
    row = place(shop, [("SHIRT", 1)], now=now, pay=None).fulfilments.get()
    with refused("not_paid"):
        fulfilling.pick(fulfilment_id=row.pk, lines=None, now=now, **BY)


def test_cash_on_receipt_is_paid_when_the_goods_are_collected(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, pay="cod")
    assert order.status == "placed"
    row = make_ready(order, now)
    code, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    pickup.collect(fulfilment_id=row.pk, code=code, now=now, **BY)
    assert order.payments.get().status == "captured"


def test_points_that_pay_are_spent_once_the_order_is_done(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    give_points(lan.source_record.pk, 300, order="OLD", now=now - timedelta(days=1))
    order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk, points_to_spend=300)
    row = make_ready(order, now)
    code, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)
    pickup.collect(fulfilment_id=row.pk, code=code, now=now, **BY)
    balance = balance_of([lan.source_record.pk])
    # 70,000 paid in money earn 70.
    assert (balance.available, balance.held, balance.pending) == (0, 0, 70)


def test_a_delivery_is_shipped_and_delivered(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, method="delivery", location=None, address={"line1": "1 Lê Lợi"})
    row = order.fulfilments.get()
    fulfilling.pick(fulfilment_id=row.pk, lines=[LineWish("SHIRT", 1)], now=now, **BY)
    fulfilling.pack(fulfilment_id=row.pk, now=now, **BY)
    fulfilling.ship(fulfilment_id=row.pk, carrier="GHN", tracking="1", now=now, **BY)
    assert shop.on_hand(shop.shirt, shop.depot) == (19, 0)
    fulfilling.fail(fulfilment_id=row.pk, reason="nobody home", now=now, **BY)
    fulfilling.ship(fulfilment_id=row.pk, carrier="GHN", tracking="2", now=now, **BY)
    fulfilling.deliver(fulfilment_id=row.pk, now=now, **BY)
    order.refresh_from_db()
    assert order.status == "completed"
    assert shop.on_hand(shop.shirt, shop.depot) == (19, 0)


def test_what_one_place_rejects_another_sends(shop, now):
    order = place(
        shop, [("SHIRT", 1)], now=now, method="delivery", location=None, address={"line1": "1", "province": "Hà Nội"}
    )
    row = order.fulfilments.get()
    assert row.source == shop.hanoi
    reject(fulfilment_id=row.pk, reason="damaged", lines=None, now=now, **BY)
    row.refresh_from_db()
    assert row.status == "rejected"
    other = order.fulfilments.exclude(pk=row.pk).get()
    assert other.source == shop.depot
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)
    assert shop.on_hand(shop.shirt, shop.depot) == (20, 1)


def test_what_nobody_else_has_is_paid_back(shop, now):
    order = place(shop, [("SHIRT", 1), ("SOCKS", 1)], now=now)
    row = order.fulfilments.get()
    reject(fulfilment_id=row.pk, reason="not_in_stock", lines=[LineWish("SHIRT", 1)], now=now, **BY)
    order.refresh_from_db()
    assert order.status == "placed"
    assert order.payments.get().refunded == 100_000
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)


def test_a_pickup_that_nobody_collects_ends_with_everything_back_once(shop, now):
    lan = person("Lan", phone="0912345678", now=now)
    give_points(lan.source_record.pk, 300, order="OLD", now=now - timedelta(days=1))
    order = place(shop, [("SHIRT", 1)], now=now, customer=lan.customer.pk, points_to_spend=300)
    make_ready(order, now)
    later = now + timedelta(days=7)
    assert expire_pickups(now=later - timedelta(minutes=1)) == 0
    assert expire_pickups(now=later) == 1
    assert expire_pickups(now=later) == 0
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert order.fulfilments.get().status == "expired"
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)
    assert order.payments.get(tender="card").refunded == 70_000
    assert balance_of([lan.source_record.pk]).available == 300
    assert order.events.filter(kind="expired").count() == 1
    assert OutboxMessage.objects.filter(kind="order.expired", key=order.number).count() == 1


def test_an_unpaid_order_lets_its_stock_go_after_a_quarter_of_an_hour(shop, now):
    order = place(shop, [("SHIRT", 1)], now=now, pay=None)
    assert expire_holds(now=now + timedelta(minutes=14)) == 0
    assert expire_holds(now=now + timedelta(minutes=15)) == 1
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)


def test_extending_keeps_it_longer(shop, now):
    row = make_ready(place(shop, [("SHIRT", 1)], now=now), now)
    fulfilling.extend(fulfilment_id=row.pk, until=now + timedelta(days=9), now=now, **BY)
    assert expire_pickups(now=now + timedelta(days=8)) == 0


def test_a_substitute_is_never_dearer_and_the_difference_goes_back(shop):
    order = place(shop, [("SHIRT", 2)], now=clock.now())
    row = order.fulfilments.get()
    body = {"sku": "SHIRT", "with": "SOCKS", "quantity": 2}
    answer = Api(shop.till, shop.hanoi).post(f"fulfilments/{row.pk}/substitute", body)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["due"], answer.json()["to_pay"], answer.json()["status"]) == (66_666, 0, "placed")
    assert order.payments.get().refunded == 200_000 - 66_666
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 0)
    assert shop.on_hand(shop.socks, shop.hanoi) == (9, 2)
    dearer = place(shop, [("SOCKS", 1)], now=clock.now())
    body = {"sku": "SOCKS", "with": "SHIRT", "quantity": 1}
    answer = Api(shop.till, shop.hanoi).post(f"fulfilments/{dearer.fulfilments.get().pk}/substitute", body)
    assert answer.json()["due"] == 33_333
    connection.check_constraints()


def test_a_substitute_that_is_not_there_changes_nothing(shop, now):
    order = place(shop, [("SOCKS", 1)], now=now)
    row = order.fulfilments.get()
    place(shop, [("SHIRT", 5)], now=now)
    with refused("out_of_stock"):
        substitute(fulfilment_id=row.pk, sku="SOCKS", with_sku="SHIRT", quantity=1, now=now, **BY)
    assert order.lines.get().sku == "SOCKS"
