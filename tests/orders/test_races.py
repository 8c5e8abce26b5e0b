"""What happens at the same moment happens once."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from customers.identity import merge
from customers.models import CustomerFacts
from omni.core import clock
from omni.core.db import write
from omni.core.errors import DomainError
from orders import fulfilling, pickup
from orders.facts import refresh_facts
from orders.locking import lock_customer
from orders.models import Order, Refund, Return
from orders.returning import ReturnWish, return_goods
from tests.factories.catalog import VariantFactory
from tests.factories.customers import person
from tests.factories.loyalty import ProgrammeFactory
from tests.factories.orders import Api, make_shop, place

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads of their own, starting together; what each returned or how it was refused."""
    gate = threading.Barrier(len(jobs))
    answers: list[Any] = [None] * len(jobs)

    def run(index: int) -> None:
        try:
            gate.wait()
            answers[index] = jobs[index]()
        except DomainError as refusal:
            answers[index] = refusal.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def while_it_is_uncommitted(deed: Callable[[], Any], then: Callable[[], Any]) -> Any:
    """Do `deed` in a transaction that stays open for a moment, and meanwhile begin `then`; returns what that gave."""
    done = threading.Event()

    def first() -> None:
        with write():
            deed()
            done.set()
            time.sleep(0.3)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    done.wait(5)
    try:
        with write():
            return then()
    finally:
        thread.join()


def test_who_waited_for_a_merge_locks_the_customer_that_there_is_now():
    ProgrammeFactory()
    lan, mai = person("Lan", phone="0912345678"), person("Mai", email="mai@example.com")
    locked = while_it_is_uncommitted(
        lambda: merge(keep=lan.customer, absorb=mai.customer, reason="same", by="x", now=clock.now()),
        lambda: lock_customer(mai.source_record.pk),
    )
    assert locked == lan.customer.pk
    assert not CustomerFacts.objects.filter(pk=mai.customer.pk).exists()


def test_facts_counted_anew_miss_no_order_that_was_being_placed():
    shop, lan = make_shop(), person("Lan", phone="0912345678").customer
    while_it_is_uncommitted(
        lambda: place(shop, [("SHIRT", 1)], now=clock.now(), customer=lan.pk), lambda: refresh_facts([lan.pk])
    )
    assert CustomerFacts.objects.get(pk=lan.pk).orders_count == 1


def test_the_last_one_is_sold_once():
    shop, now = make_shop(), clock.now()
    VariantFactory(sku="LAST", price=100_000, stock={shop.hanoi: 1})

    def buy() -> str:
        return place(shop, [("LAST", 1)], now=now).status

    answers = at_once(*[buy] * 4)
    assert sorted(answers) == ["out_of_stock"] * 3 + ["placed"]
    assert Order.objects.count() == 1


def test_the_same_key_twice_makes_one_order():
    shop = make_shop()
    web = Api(shop.web)
    body = {
        "lines": [{"sku": "SHIRT", "quantity": 1}],
        "fulfilment": {"method": "bopis", "location": "hanoi"},
        "payments": [{"tender": "card", "amount": 100_000}],
    }
    answers = at_once(*[lambda: web.post("orders", body, key="one").status_code] * 3)
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert Order.objects.count() == 1


def test_the_same_external_id_twice_makes_one_order():
    shop, now = make_shop(), clock.now()

    def buy() -> str:
        return place(shop, [("SHIRT", 1)], now=now, external_id="E-1").number

    assert len(set(at_once(*[buy] * 3))) == 1
    assert shop.on_hand(shop.shirt, shop.hanoi) == (5, 1)


def test_two_tills_hand_over_once():
    shop, now = make_shop(), clock.now()
    order = place(shop, [("SHIRT", 1)], now=now)
    row = order.fulfilments.get()
    fulfilling.pick(fulfilment_id=row.pk, lines=None, by="test", now=now)
    fulfilling.ready(fulfilment_id=row.pk, by="test", now=now)
    code, _qr, _at = pickup.issue_code(fulfilment_id=row.pk, now=now)

    def collect() -> str:
        return pickup.collect(fulfilment_id=row.pk, code=code, by="test", now=now).status

    assert sorted(at_once(collect, collect)) == ["completed", "not_ready"]
    assert shop.on_hand(shop.shirt, shop.hanoi) == (4, 0)


def test_the_same_goods_come_back_once():
    shop, now = make_shop(), clock.now()
    order = place(
        shop, [("SHIRT", 1)], now=now, method="carry_out", location=None, channel=shop.till, till=shop.hanoi, pay="cash"
    )

    def bring_back() -> int:
        return return_goods(
            order_id=order.pk, location=shop.saigon, lines=[ReturnWish("SHIRT", 1)], by="test", now=now
        )[1].amount

    answers = at_once(bring_back, bring_back)
    assert set(answers) == {100_000, "over_return"}
    assert Return.objects.count() == 1
    assert Refund.objects.count() == 1
