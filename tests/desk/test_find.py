"""One box finds a person, an order or a thing, and opens what is meant alone."""

import pytest
from django.urls import reverse

from tests.desk.shop import colleague, goods, sale
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(now):
    web = ChannelFactory(code="web", name="Web")
    shirt = goods("AO-THUN-M", "Áo thun đen", gtin="8934567890123")
    goods("AO-KHOAC-L", "Áo khoác")
    lan = person("Nguyễn Thị Lan", phone="0912 345 678", card="8888000011112222", channel=web, now=now).customer
    person("Nguyễn Văn Đức", phone="0987654321", channel=web, now=now)
    order = sale(web, [(shirt, 1, 100_000, 0)], at=now, number="W-100042", external_id="EXT-7")
    return {"lan": lan, "shirt": shirt, "order": order}


@pytest.fixture
def find(client):
    def run(text: str, role: str = "Store clerk"):
        client.force_login(colleague(role))
        return client.get(reverse("admin:find"), {"q": text}, headers={"Accept-Language": "en"})

    return run


@pytest.mark.parametrize("phone", ["0912345678", "+84 912 345 678", "84912345678", "0912.345.678"])
def test_a_phone_in_any_form_opens_its_customer(shop, find, phone):
    answer = find(phone)
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("admin:customers_customer_change", args=[shop["lan"].pk]),
    )


def test_a_card_opens_its_customer(shop, find):
    assert find("8888000011112222")["Location"].endswith(f"/customers/customer/{shop['lan'].pk}/change/")


@pytest.mark.parametrize("text", ["W-100042", "w-100042", "EXT-7"])
def test_an_order_number_opens_the_order(shop, find, text):
    assert find(text)["Location"] == reverse("admin:orders_order_change", args=[shop["order"].pk])


@pytest.mark.parametrize("text", ["AO-THUN-M", "ao-thun-m", "8934567890123"])
def test_a_sku_or_barcode_opens_the_variant(shop, find, text):
    assert find(text)["Location"] == reverse("admin:catalog_variant_change", args=[shop["shirt"].pk])


def test_a_name_without_diacritics_lists_people(shop, find):
    words = find("nguyen").content.decode()
    assert "Nguyễn Thị Lan" in words
    assert "Nguyễn Văn Đức" in words
    assert "Nguyễn Văn Đức" not in find("nguyen lan").content.decode()


def test_words_list_goods(shop, find):
    words = find("ao").content.decode()
    assert "Áo thun đen" in words
    assert "Áo khoác" in words


def test_a_merchandiser_finds_goods_but_nobody(shop, find):
    assert find("0912345678", role="Merchandiser").status_code == 200
    assert "Nguyễn" not in find("nguyen", role="Merchandiser").content.decode()
    assert find("AO-THUN-M", role="Merchandiser").status_code == 302


@pytest.mark.parametrize("text", ["", "   ", "zzz-nothing", "%", "'; DROP TABLE", "\\", "٣", "a" * 500])
def test_what_is_nothing_is_told_in_words(shop, find, text):
    assert find(text).status_code == 200
