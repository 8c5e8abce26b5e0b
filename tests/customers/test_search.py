"""One box finds a customer, however the question is written."""

import pytest
from django.db import connection

from customers.models import Customer
from customers.queries import search
from omni.core import clock
from tests.factories.customers import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def lan(db):
    person("Trần Văn Minh", phone="0987654321", email="minh@example.com")
    return person("Nguyễn Thị Lan", phone="0912345678", email="lan.nguyen@example.com", card="OM-77").customer


@pytest.mark.parametrize(
    "text",
    ["Lan", "lan nguyen", "NGUYỄN", "thi l", "0912345678", "0912 345 678", "+84 912345678", "091234", "345678", "5678",
     "lan.nguyen@", "lan.nguyen@example.com", "om77"],
)  # fmt: skip
def test_a_customer_is_found(lan, text):
    assert list(search(text, 10)) == [lan]


@pytest.mark.parametrize("text", ["", "   ", "hoa", "lan minh", "0911111111", "'", "lan' | 'x", "\\", "a:*", "(", "&"])
def test_nobody_is_found_and_nothing_breaks(lan, text):
    assert list(search(text, 10)) == []


def test_a_search_uses_its_index(lan):
    now = clock.now()
    Customer.objects.bulk_create(
        [Customer(name=f"Khách {n}", search_text=f"khach so{n}", created_at=now) for n in range(3000)]
    )
    with connection.cursor() as cursor:
        # What a vacuum does to a table that has come to rest.
        cursor.execute("SELECT gin_clean_pending_list('customer_search')")
        cursor.execute("ANALYZE customers_customer")
        # A table this small is read whole; what counts is that the question fits the index.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = search("so1234", 10).explain()
    assert "customer_search" in plan, plan
