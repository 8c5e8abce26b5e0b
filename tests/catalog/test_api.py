"""What front ends read of the catalog, and how a price is set over HTTP."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission

from catalog import stock
from catalog.models import Offer, Price
from catalog.offers import refresh_offers
from catalog.prices import set_price
from omni.core import clock
from omni.core.keys import issue_customer_token, issue_staff_token
from tests.factories.catalog import (
    CategoryFactory,
    ProductFactory,
    PromotionFactory,
    VariantFactory,
    put_on_shelf,
)
from tests.factories.core import ChannelFactory, LocationFactory, StaffFactory, bearer

GTIN = "8938507849506"


@pytest.fixture
def moment(db):
    return clock.now()


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue", latitude=16.46, longitude=107.59)


@pytest.fixture
def web(db):
    return ChannelFactory(code="web")


@pytest.fixture
def get(client, web):
    headers = bearer(web)

    def call(path, status=200, **extra):
        response = client.get(f"/api/v1/{path}", headers={**headers, "Accept-Language": "en", **extra})
        assert response.status_code == status, response.content
        return response.json() if response.content else None

    return call


@pytest.fixture
def shirt(hue, moment):
    wear = CategoryFactory(code="wear")
    product = ProductFactory(
        handle="ao-thun",
        name_vi="Áo thun cổ tròn",
        name_en="Crew neck tee",
        category=CategoryFactory(code="tops", parent=wear),
        option_names=["Size", "Màu"],
    )
    shirt = VariantFactory(
        sku="TEE-M-RED", gtin=GTIN, product=product, options={"Size": "M", "Màu": "Đỏ"}, price=150_000, stock={hue: 4}
    )
    refresh_offers(variant_ids=[shirt.pk], now=moment)
    return shirt


def test_a_variant_says_all_that_a_buyer_wants_to_know(get, shirt, moment):
    row = PromotionFactory(code="sale", name_en="Summer", params={"percent": 10})
    refresh_offers(variant_ids=[shirt.pk], now=moment)
    told = get("variants/TEE-M-RED")
    assert told["name"] == "Crew neck tee M Đỏ"
    assert told["product"]["name"] == "Crew neck tee"
    assert told["gtin"] == GTIN
    assert told["currency"] == "VND"
    assert told["price"] == {
        "amount": 150_000,
        "compare_at": None,
        "promotion": {"code": row.code, "amount": 135_000, "name": "Summer"},
        "valid_until": None,
    }
    assert told["tax_included"] is True
    assert told["availability"] == [{"location": "hue", "atp": 4, "status": "low"}]
    assert get("variants/by-gtin/" + GTIN) == told
    assert get("variants/by-gtin/0" + GTIN)["sku"] == "TEE-M-RED"


@pytest.mark.parametrize(
    "text", ["ao thun", "Áo thun", "AO THU", "tee-m-red", "crew tee", "tops ao", "do", GTIN, "8938507", "ao co tron m"]
)
def test_search_needs_no_diacritics_and_only_beginnings(get, shirt, text):
    assert [row["sku"] for row in get(f"variants?search={text}")["results"]] == ["TEE-M-RED"]


@pytest.mark.parametrize("text", ["quan", "thun xyz", "hun", "'; drop", "|!", "%20"])
def test_search_finds_nothing_else(get, shirt, text):
    assert get(f"variants?search={text}")["results"] == []


def test_an_exact_sku_comes_first_and_once(get, shirt, moment):
    others = [VariantFactory(product=shirt.product, sku=f"TEE-M-RED-{n}", price=1) for n in range(4)]
    refresh_offers(variant_ids=[variant.pk for variant in others], now=moment)
    first = get("variants?search=tee-m-red&limit=2")
    skus = [row["sku"] for row in first["results"]]
    while first["next"]:
        first = get(f"variants?search=tee-m-red&limit=2&cursor={first['next']}")
        skus += [row["sku"] for row in first["results"]]
    assert skus[0] == "TEE-M-RED"
    assert sorted(skus) == sorted(["TEE-M-RED", *(variant.sku for variant in others)])


def test_lists_are_filtered_by_category_location_and_change(get, shirt, hue, moment):
    dalat = LocationFactory(code="dalat")
    cup = VariantFactory(sku="CUP", price=5, stock={dalat: 9, hue: 1})
    later = moment + timedelta(hours=1)
    refresh_offers(variant_ids=[cup.pk], now=later)

    def skus(query):
        return [row["sku"] for row in get("variants?" + query)["results"]]

    assert skus("") == ["CUP", "TEE-M-RED"]
    assert skus("category=wear") == ["TEE-M-RED"]
    assert skus("category=none") == []
    assert skus("location=dalat") == ["CUP"]
    assert get("variants?location=dalat")["results"][0]["availability"] == [
        {"location": "dalat", "atp": 9, "status": "in_stock"}
    ]
    assert skus(f"updated_after={moment.isoformat()}") == ["CUP"]
    assert skus(f"updated_after={(moment - timedelta(hours=1)).isoformat()}") == ["TEE-M-RED", "CUP"]
    get("variants?updated_after=yesterday", 400)
    get("variants?location=nowhere", 404)
    get("variants?cursor=bad", 400)
    get("variants?limit=0", 400)


def test_paging_meets_everything_once(get, hue, moment):
    variants = [VariantFactory(price=5) for _ in range(7)]
    refresh_offers(variant_ids=[variant.pk for variant in variants], now=moment)
    for query in ("limit=3", f"limit=3&updated_after={(moment - timedelta(hours=1)).isoformat()}"):
        page, skus = get("variants?" + query), []
        while True:
            skus += [row["sku"] for row in page["results"]]
            if not page["next"]:
                break
            page = get(f"variants?{query}&cursor={page['next']}")
        assert sorted(skus) == sorted(variant.sku for variant in variants)


def test_a_page_of_fifty_takes_three_queries(get, hue, moment, django_assert_max_num_queries):
    PromotionFactory()
    variants = [VariantFactory(price=5_000, stock={hue: 2}) for _ in range(50)]
    refresh_offers(variant_ids=[variant.pk for variant in variants], now=moment)
    # One for the key and two for the page.
    with django_assert_max_num_queries(4):
        assert len(get("variants")["results"]) == 50


def test_who_has_it_already_gets_304(client, web, shirt, moment):
    headers = bearer(web)
    for path in ("variants", "variants/TEE-M-RED", "locations", "promotions"):
        first = client.get(f"/api/v1/{path}", headers=headers)
        again = client.get(f"/api/v1/{path}", headers={**headers, "If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    tag = client.get("/api/v1/variants/TEE-M-RED", headers=headers)["ETag"]
    set_price(sku="TEE-M-RED", amount=1, reason="r", by="b", now=clock.now())
    assert client.get("/api/v1/variants/TEE-M-RED", headers={**headers, "If-None-Match": tag}).status_code == 200


def test_what_is_not_there_or_retired_is_404_and_a_wrong_gtin_422(get, shirt):
    assert get("variants/NONE", 404)["error"]["code"] == "not_found"
    get("variants/by-gtin/8938507849513", 404)
    for wrong in ("8938507849507", "12", "abc"):
        assert get(f"variants/by-gtin/{wrong}", 422)["error"]["code"] == "bad_gtin"
    shirt.active = False
    shirt.save()
    get("variants/TEE-M-RED", 404)
    assert get("variants")["results"] == []


def test_locations_say_distance_and_live_stock(get, shirt, hue):
    LocationFactory(code="dalat", latitude=11.94, longitude=108.44)
    LocationFactory(code="unmapped")
    LocationFactory(code="closed", active=False)
    stock.reserve(order="W-1", wants=[stock.Want(shirt.pk, shirt.sku, hue.pk, 1, 0)], now=clock.now())
    told = get("locations?sku=TEE-M-RED&lat=16.06&lon=108.22")["results"]
    assert [(row["code"], row["atp"], row["status"]) for row in told] == [
        ("hue", 3, "low"),
        ("dalat", 0, "out"),
        ("unmapped", 0, "out"),
    ]
    assert told[0]["distance_km"] == pytest.approx(80.6, abs=1)
    assert told[0]["abilities"] == ["pick_up", "curbside", "ship"]
    assert [row["code"] for row in get("locations")["results"]] == ["dalat", "hue", "unmapped"]
    page = get("locations?limit=2")
    assert [row["code"] for row in get(f"locations?limit=2&cursor={page['next']}")["results"]] == ["unmapped"]
    get("locations?sku=NONE", 404)
    get("locations?lat=91&lon=0", 400)
    get("locations?lat=5", 400)


def test_promotions_are_told_in_both_languages(get, moment):
    PromotionFactory(code="sale", name_vi="Hè", name_en="Summer", params={"percent": 10})
    PromotionFactory(code="over", valid_until=moment)
    PromotionFactory(code="paused", active=False)
    (row,) = get("promotions")["results"]
    assert (row["code"], row["name"]) == ("sale", {"vi": "Hè", "en": "Summer"})
    assert row["gives"] == {"vi": "giảm 10 %", "en": "10 % off"}


class TestWhoMayCall:
    PATHS = ("variants", "variants/TEE-M-RED", "locations", "promotions")

    def statuses(self, client, headers):
        return {client.get(f"/api/v1/{path}", headers=headers).status_code for path in self.PATHS}

    def test_nobody_without_a_key(self, client, shirt):
        assert self.statuses(client, {}) == {401}

    def test_customers_and_colleagues_with_the_right(self, client, shirt, web, moment):
        token, _ = issue_customer_token(source_record=1, channel=web, now=moment)
        assert self.statuses(client, {"Authorization": f"Bearer {token}"}) == {200}
        clerk = StaffFactory()
        token, _ = issue_staff_token(user=clerk, now=moment)
        assert self.statuses(client, {"Authorization": f"Bearer {token}"}) == {403}
        clerk.user_permissions.add(Permission.objects.get(codename="view_variant"))
        assert self.statuses(client, {"Authorization": f"Bearer {token}"}) == {200}


class TestSettingAPrice:
    def post(self, client, headers, **body):
        return client.post(
            "/api/v1/variants/TEE-M-RED/prices",
            {"amount": 120_000, "reason": "spring", **body},
            content_type="application/json",
            headers={"Idempotency-Key": "k1", **headers},
        )

    @pytest.fixture
    def manager(self, db, moment):
        user = StaffFactory(username="an")
        user.user_permissions.add(Permission.objects.get(codename="add_price"))
        token, _ = issue_staff_token(user=user, now=moment)
        return {"Authorization": f"Bearer {token}"}

    def test_a_colleague_with_the_right_sets_it_once(self, client, shirt, manager):
        first = self.post(client, manager)
        assert first.status_code == 201, first.content
        assert first.json()["changed_by"] == "staff:an"
        again = self.post(client, manager)
        assert (again.content, again["Idempotent-Replay"]) == (first.content, "true")
        assert Price.objects.count() == 2
        assert Offer.objects.get(variant=shirt).price == 120_000

    def test_a_channel_key_may_not(self, client, shirt, web):
        assert self.post(client, bearer(web)).status_code == 403
        assert Price.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"amount": -1}, 400, None),
            ({"amount": "much"}, 400, None),
            ({"reason": ""}, 400, None),
            ({"floor": 130_000}, 409, "below_floor"),
            ({"currency": "XYZ"}, 422, "bad_price"),
            ({"valid_from": "2020-01-01T00:00:00Z"}, 422, "bad_period"),
        ],
    )
    def test_a_bad_price_is_refused(self, client, shirt, manager, body, status, code):
        response = self.post(client, manager, **body)
        assert response.status_code == status, response.content
        assert code in (None, response.json()["error"]["code"])
        assert Price.objects.count() == 1

    def test_in_the_way_of_a_later_price_it_is_refused(self, client, shirt, manager, moment):
        set_price(sku="TEE-M-RED", amount=9, reason="r", by="b", valid_from=moment + timedelta(days=9), now=moment)
        assert self.post(client, manager).json()["error"]["code"] == "price_overlap"


def test_safety_stock_is_not_shown(get, shirt, hue, moment):
    put_on_shelf(shirt, hue, 0, safety=4)
    refresh_offers(variant_ids=[shirt.pk], now=moment)
    assert get("variants/TEE-M-RED")["availability"] == [{"location": "hue", "atp": 0, "status": "out"}]
