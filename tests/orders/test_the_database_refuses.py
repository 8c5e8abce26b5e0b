"""What the database itself refuses about orders, whoever asks and however."""

import pytest

from orders.fulfilling import pick, ready
from orders.models import Fulfilment, Order, OrderEvent, OrderLine, Payment, PickupCode, Refund
from orders.pickup import issue_code
from tests.database import empty, refused_by, run
from tests.factories.orders import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(shop, now) -> Order:
    return place(shop, [("SHIRT", 1), ("SOCKS", 2)], now=now)


def line_of(order, **fields):
    told = {"position": 9, "sku": "X", "quantity": 1, "unit_price": 5, "list_total": 5, "total": 5}
    return OrderLine(order=order, **told, **fields)


def refund_of(order, payment, amount, now):
    return Refund.objects.create(
        order=order, payment=payment, tender="card", amount=amount, reason="x", made_by="x", made_at=now
    )


def test_an_orders_sums_hold_whichever_row_is_touched(order):
    first = order.lines.order_by("position")[0]
    with refused_by("order_total_adds_up"):
        Order.objects.update(total=1)
    with refused_by("order_lines_add_up"):
        Order.objects.update(total=order.total + 1, list_total=order.list_total + 1)
    with refused_by("order_lines_add_up"):
        Order.objects.update(charges=[{"code": "delivery", "amount": 5}])
    with refused_by("order_lines_add_up"):
        line_of(order).save()
    with refused_by("order_lines_add_up"):
        OrderLine.objects.filter(pk=first.pk).update(list_total=first.list_total + 1, total=first.total + 1)
    with refused_by("order_lines_add_up"):
        run("DELETE FROM orders_fulfilmentline; DELETE FROM orders_orderline WHERE id = %s", first.pk)
    with refused_by("orders_orderline_append_only"):
        empty("orders_orderline")


@pytest.mark.django_db(transaction=True)
def test_lines_of_an_order_that_was_committed_are_looked_at_too(order, shop, now):
    other = place(shop, [("SOCKS", 1)], now=now)
    first = order.lines.order_by("position")[0]
    with refused_by("order_lines_add_up"):
        line_of(order).save()
    with refused_by("order_lines_add_up"):
        OrderLine.objects.filter(pk=first.pk).update(list_total=first.list_total + 1, total=first.total + 1)
    with refused_by("order_lines_add_up"):
        OrderLine.objects.filter(pk=first.pk).update(order=other, position=7)
    with refused_by("order_lines_add_up"):
        run("DELETE FROM orders_fulfilmentline; DELETE FROM orders_orderline WHERE id = %s", first.pk)
    # An order that the same transaction has touched for another reason is no way around it.
    with refused_by("order_lines_add_up"):
        Order.objects.filter(pk=order.pk).update(note="x")
        line_of(order).save()


def test_no_more_is_cancelled_handed_over_or_returned_than_there_is(order):
    with refused_by("line_not_over_fulfilled"):
        OrderLine.objects.update(cancelled=1, fulfilled=2)
    with refused_by("line_not_over_returned"):
        OrderLine.objects.update(returned=1)


def test_only_listed_steps_are_taken(order):
    with refused_by("order_step_listed"):
        Order.objects.update(status="awaiting_payment")
    with refused_by("fulfilment_step_listed"):
        Fulfilment.objects.update(status="delivered")


def test_refunds_never_exceed_what_was_captured(order, now):
    payment = order.payments.get()
    with refused_by("refund_within_capture"):
        refund_of(order, payment, payment.amount + 1, now)
    with refused_by("refunded_by_refunds"):
        Payment.objects.update(refunded=1)
    refund_of(order, payment, 100, now)
    with refused_by("refund_within_capture"):
        refund_of(order, payment, payment.amount - 99, now)
    with refused_by("payment_stays"):
        Payment.objects.update(amount=payment.amount * 2)


def test_a_refund_comes_out_of_a_payment_of_its_own_order(order, shop, now):
    other = place(shop, [("SOCKS", 1)], now=now)
    with refused_by("refund_of_its_order"):
        refund_of(other, order.payments.get(), 1, now)
    with refused_by("refund_of_its_order"):
        refund_of(order, None, 1, now)


def test_money_that_was_taken_stays(order, shop, now):
    other = place(shop, [("SOCKS", 1)], now=now)
    with refused_by("payment_step_listed"):
        Payment.objects.update(status="pending")
    with refused_by("payment_stays"):
        order.payments.update(order=other)
    with refused_by("payment_stays"):
        Payment.objects.all().delete()


def test_events_and_refunds_stay(order, now):
    refund_of(order, order.payments.get(), 1, now)
    with refused_by("orders_orderevent_append_only"):
        OrderEvent.objects.update(kind="x")
    with refused_by("orders_orderevent_append_only"):
        run("SET LOCAL omni.erasing = 'on'; UPDATE orders_orderevent SET kind = 'x'")
    with refused_by("orders_orderevent_append_only"):
        OrderEvent.objects.all().delete()
    with refused_by("orders_refund_append_only"):
        Refund.objects.update(amount=2)
    for table in ("orders_orderevent", "orders_refund"):
        with refused_by(f"{table}_append_only"):
            empty(table)


def test_one_pickup_code_is_live_and_an_ended_one_never_again(order, now):
    row = order.fulfilments.get()
    pick(fulfilment_id=row.pk, lines=None, by="x", now=now)
    ready(fulfilment_id=row.pk, by="x", now=now)
    for _code in range(2):
        issue_code(fulfilment_id=row.pk, now=now)
    with refused_by("pickup_code_ends_once"):
        PickupCode.objects.filter(ended_at__isnull=False).update(ended_at=None)
    live = PickupCode.objects.get(ended_at=None)
    with refused_by("one_live_pickup_code"):
        PickupCode.objects.create(
            fulfilment=row, location=live.location, fingerprint="x", created_at=now, expires_at=now
        )
    with refused_by("pickup_five_tries_lock"):
        PickupCode.objects.update(wrong_tries=5)
