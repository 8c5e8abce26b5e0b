"""Goods, prices, promotions and stock."""

from datetime import UTC, datetime

import factory

from catalog.models import Category, Coupon, Movement, Price, Product, Promotion, StockLevel, Variant
from catalog.search import search_text_of
from omni.core.models import Location

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


class CategoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Category
        django_get_or_create = ("code",)

    code = "goods"
    name_vi = factory.LazyAttribute(lambda category: category.code.title())
    name_en = factory.LazyAttribute(lambda category: category.code.title())
    tax_rate = 800


class ProductFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Product
        django_get_or_create = ("handle",)

    handle = factory.Sequence(lambda n: f"product-{n}")
    name_vi = factory.LazyAttribute(lambda product: product.handle.title())
    category = factory.SubFactory(CategoryFactory)
    created_at = SINCE


class VariantFactory(factory.django.DjangoModelFactory):
    """A SKU; `price=` gives it a running price, `stock={location: units}` puts it on shelves."""

    class Meta:
        model = Variant
        skip_postgeneration_save = True

    sku = factory.Sequence(lambda n: f"SKU-{n}")
    product = factory.SubFactory(ProductFactory)
    created_at = SINCE

    @factory.post_generation
    def words(self, create, extracted, **kwargs):
        self.search_text = search_text_of(self)
        self.save(update_fields=["search_text"])

    @factory.post_generation
    def price(self, create, extracted, **kwargs):
        if extracted is not None:
            PriceFactory(variant=self, amount=extracted, **kwargs)

    @factory.post_generation
    def stock(self, create, extracted, **kwargs):
        for location, units in (extracted or {}).items():
            put_on_shelf(self, location, units)


class PriceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Price

    variant = factory.SubFactory(VariantFactory)
    currency = "VND"
    amount = 100_000
    valid_from = SINCE
    reason = "opening price"
    changed_by = "test"
    created_at = SINCE


class PromotionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Promotion

    code = factory.Sequence(lambda n: f"promo-{n}")
    kind = "percent_off"
    name_vi = factory.LazyAttribute(lambda promotion: promotion.code)
    name_en = factory.LazyAttribute(lambda promotion: promotion.code)
    params = factory.LazyFunction(lambda: {"percent": 10})
    valid_from = SINCE
    created_at = SINCE


class CouponFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Coupon

    code = factory.Sequence(lambda n: f"CODE{n}")
    promotion = factory.SubFactory(PromotionFactory, needs_coupon=True)
    created_at = SINCE


def put_on_shelf(variant: Variant, location: Location, units: int, *, safety: int = 0) -> StockLevel:
    """So many units arrive at a location."""
    if units:
        Movement.objects.create(
            variant=variant,
            location=location,
            quantity=units,
            reason=Movement.Reason.RECEIPT,
            moved_by="test",
            moved_at=SINCE,
        )
    level, _ = StockLevel.objects.get_or_create(variant=variant, location=location)
    if safety:
        StockLevel.objects.filter(pk=level.pk).update(safety=safety)
    level.refresh_from_db()
    return level
