"""The catalog's desk: every page opens, actions call the use cases, refusals change nothing."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from catalog import stock
from catalog.models import Coupon, Movement, Offer, Price, Product, Promotion, StockLevel, Variant
from catalog.offers import refresh_due, refresh_offers
from omni.core.models import StaffPlace
from tests.factories.catalog import CategoryFactory, CouponFactory, PromotionFactory, VariantFactory
from tests.factories.core import LocationFactory, StaffFactory


@pytest.fixture
def hue(db):
    return LocationFactory(code="hue")


@pytest.fixture
def tea(hue, now):
    tea = VariantFactory(sku="TEA", price=40_000, stock={hue: 47})
    stock.reserve(order="W-1", wants=[stock.Want(tea.pk, "TEA", hue.pk, 2, 0)], now=now)
    refresh_offers(variant_ids=[tea.pk], now=now)
    CouponFactory(code="TET")
    return tea


@pytest.fixture
def boss(client, db):
    client.force_login(StaffFactory(is_superuser=True))
    return client


def page(model, kind="changelist", *args):
    return reverse(f"admin:catalog_{model}_{kind}", args=args)


@pytest.mark.parametrize(
    "model",
    ["category", "product", "variant", "price", "promotion", "coupon", "couponuse", "stocklevel", "movement",
     "reservation", "offer", "dueoffer"],
)  # fmt: skip
def test_every_list_and_page_opens(boss, tea, model):
    model_admin = next(a for m, a in admin.site._registry.items() if m._meta.label_lower == f"catalog.{model}")
    assert boss.get(page(model)).status_code == 200
    assert boss.get(page(model) + "?q=tea").status_code == 200
    first = model_admin.model.objects.first()
    if first is not None:
        assert boss.get(page(model, "change", first.pk)).status_code == 200


def test_a_level_says_why_it_is_what_it_is(boss, tea, hue, now):
    stock.adjust(
        variant_id=tea.pk, location_id=hue.pk, quantity=-3, reason="damaged", note="wet", by="staff:an", now=now
    )
    told = boss.get(page("stocklevel", "change", StockLevel.objects.get().pk)).content.decode()
    for part in ("+47", "-3", "wet", "staff:an", "W-1"):
        assert part in told


def test_a_price_is_set_from_the_variants_page(boss, tea):
    url = reverse("admin:catalog_variant_set_a_price", args=[tea.pk])
    assert boss.get(url).status_code == 200
    assert boss.post(url, {"amount": 45_000, "reason": "spring"}).status_code == 302
    assert Offer.objects.get(variant=tea).price == 45_000
    refused = boss.post(url, {"amount": 45_000, "floor": 50_000, "reason": "spring"})
    assert refused.status_code == 200
    assert Price.objects.count() == 2


@pytest.mark.parametrize(
    ("verb", "data", "on_hand"),
    [
        ("receive", {"quantity": 3}, 50),
        ("adjust", {"quantity": -7, "reason": "damaged", "note": "wet"}, 40),
        ("count", {"counted": 41}, 41),
        ("count", {"counted": 1}, 47),
        ("adjust", {"quantity": -46, "reason": "damaged", "note": "wet"}, 47),
    ],
)
def test_stock_is_moved_from_its_page_and_promises_are_kept(boss, tea, verb, data, on_hand):
    level = StockLevel.objects.get()
    url = reverse(f"admin:catalog_stocklevel_{verb}", args=[level.pk])
    assert boss.get(url).status_code == 200
    boss.post(url, data)
    level.refresh_from_db()
    assert level.on_hand == on_hand


def test_who_may_not_move_stock_or_set_prices_is_refused(client, tea, hue):
    clerk = StaffFactory()
    for name in ("view_stocklevel", "view_variant"):
        clerk.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(clerk)
    level = StockLevel.objects.get()
    count = reverse("admin:catalog_stocklevel_count", args=[level.pk])
    assert client.post(count, {"counted": 1}).status_code == 403
    assert client.post(reverse("admin:catalog_variant_set_a_price", args=[tea.pk]), {"amount": 1}).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="add_movement"))
    StaffPlace.objects.create(user=clerk, location=LocationFactory(code="dalat"))
    assert client.post(count, {"counted": 40}).status_code == 403
    StaffPlace.objects.create(user=clerk, location=hue)
    assert client.post(count, {"counted": 40}).status_code == 302
    assert Movement.objects.latest("pk").moved_by == f"staff:{clerk.username}"


PROMOTION = {
    "code": "sale", "kind": "percent_off", "name_vi": "Hè", "params": '{"percent": 25}', "conditions": "{}",
    "stacking": "exclusive", "priority": 0, "currency": "VND", "valid_from_0": "2026-01-01", "valid_from_1": "00:00",
    "active": "on",
}  # fmt: skip


def test_a_promotion_made_paused_and_resumed_shows_in_offers(boss, tea):
    made = boss.post(page("promotion", "add"), PROMOTION)
    assert made.status_code == 302, made.context["adminform"].form.errors
    assert Offer.objects.get(variant=tea).promotion_price == 30_000
    chosen = {"_selected_action": Promotion.objects.get(code="sale").pk}
    boss.post(page("promotion"), {**chosen, "action": "pause"})
    assert Offer.objects.get(variant=tea).promotion_price is None
    boss.post(page("promotion"), {**chosen, "action": "resume"})
    assert Offer.objects.get(variant=tea).promotion_price == 30_000


@pytest.mark.parametrize(
    "wrong", [{"params": '{"percent": 0}'}, {"conditions": '{"x": 1}'}, {"params": "[]"}, {"currency": "XYZ"}]
)
def test_a_promotion_that_can_never_be_right_is_not_saved(boss, tea, wrong):
    assert boss.post(page("promotion", "add"), PROMOTION | wrong).status_code == 200
    assert not Promotion.objects.filter(code="sale").exists()


def test_goods_made_by_form_are_found_and_offered(boss, hue):
    category = CategoryFactory()
    boss.post(
        page("product", "add"),
        {"handle": "ao", "name_vi": "Áo mới", "category": category.pk, "tags": "[]", "images": "[]",
         "option_names": "[]", "active": "on"},
    )  # fmt: skip
    product = Product.objects.get()
    told = {"sku": "AO-1", "product": product.pk, "options": "{}", "weight_grams": 0, "active": "on"}
    assert boss.post(page("variant", "add"), told | {"gtin": "123"}).status_code == 200
    assert boss.post(page("variant", "add"), told | {"gtin": "8938507849506"}).status_code == 302
    variant = Variant.objects.get()
    assert "ao moi" in variant.search_text
    refresh_due(now=variant.created_at)
    assert Offer.objects.filter(variant=variant).exists()


def test_a_coupon_is_kept_in_capitals(boss, tea):
    promotion = PromotionFactory()
    boss.post(page("coupon", "add"), {"code": " hello ", "promotion": promotion.pk, "max_uses": 3})
    assert Coupon.objects.get(promotion=promotion).code == "HELLO"
