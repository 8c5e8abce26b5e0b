"""The table of steps in the code is the one in the database."""

import itertools

import pytest
from django.db import connection

from orders.models import Fulfilment, Order
from orders.states import MACHINES, may_become


@pytest.mark.django_db
def test_code_and_database_hold_the_same_table():
    for machine, statuses in (("order", Order.Status.values), ("fulfilment", Fulfilment.Status.values)):
        with connection.cursor() as cursor:
            for before, after in itertools.product(["", *statuses], statuses):
                cursor.execute("SELECT orders_may_become(%s, %s, %s)", [machine, before, after])
                assert cursor.fetchone()[0] == may_become(machine, before, after), (machine, before, after)


def test_every_state_has_its_row():
    assert set(MACHINES["order"]) == {"", *Order.Status.values}
    assert set(MACHINES["fulfilment"]) == {"", *Fulfilment.Status.values}
