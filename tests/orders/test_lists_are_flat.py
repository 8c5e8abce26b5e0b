"""A longer list asks the database no more questions than a short one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Variant
from catalog.offers import refresh_offers
from tests.factories.catalog import VariantFactory
from tests.factories.customers import person
from tests.factories.orders import Api, Shop, place

pytestmark = pytest.mark.django_db


def questions(api: Api, path: str, limit: int) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = api.get(path, limit=limit)
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == limit
    return len(asked)


@pytest.mark.parametrize("path", ["orders", "fulfilments", "variants", "customers"])
def test_a_list_of_four_costs_what_a_list_of_two_costs(shop: Shop, now, path):
    for index in range(4):
        lan = person("Lan", phone=f"091234567{index}").customer
        place(shop, [("SOCKS", 2)], now=now, customer=lan.pk, channel=shop.till)
    api, short, long = Api(shop.till, shop.hanoi), 2, 4
    if path == "variants":
        for index in range(4):
            VariantFactory(sku=f"TEA-{index}", price=1_000)
        refresh_offers(variant_ids=list(Variant.objects.values_list("pk", flat=True)), now=now)
    if path == "customers":
        path = "customers?search=lan"
    # One more is a page that has another one after it; a question for each row would be at least two.
    assert questions(api, path, long) <= questions(api, path, short) + (long - short) / 2
