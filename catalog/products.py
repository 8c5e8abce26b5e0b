"""Make and change what is sold: products and their variants."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from catalog.gtin import normal_gtin
from catalog.models import Category, DueOffer, Product, Variant
from catalog.queries import below
from catalog.search import refresh_search_text
from omni.core.db import write
from omni.core.errors import Conflict
from omni.core.outbox import wake_after_commit


class SkuTaken(Conflict):
    code = "sku_taken"
    message = _("Another variant has this SKU. Choose another one.")


class GtinTaken(Conflict):
    code = "gtin_taken"
    message = _("Another variant has this GTIN. Check the barcode.")


def make_variant(
    *,
    product: Product,
    sku: str,
    gtin: str | None = None,
    options: Mapping[str, str] | None = None,
    weight_grams: int = 0,
    shelf: str = "",
    now: datetime,
) -> Variant:
    """A new SKU of a product, found by search at once; its offer follows. Raises SkuTaken, GtinTaken, BadGtin."""
    digits = normal_gtin(gtin) if gtin else None
    with write():
        if Variant.objects.filter(sku=sku).exists():
            raise SkuTaken(param="sku", details={"sku": sku})
        if digits and Variant.objects.filter(gtin=digits).exists():
            raise GtinTaken(param="gtin", details={"gtin": digits})
        variant = Variant.objects.create(
            product=product,
            sku=sku,
            gtin=digits,
            options=dict(options or {}),
            weight_grams=weight_grams,
            shelf=shelf,
            created_at=now,
        )
        follow_variant(variant=variant, now=now)
        return variant


def follow_variant(*, variant: Variant, now: datetime) -> None:
    """After a variant was made or changed by form: it is found by the new words, and its offer follows."""
    with write():
        refresh_search_text(variant_ids=[variant.pk])
        offer_soon(variant_ids=[variant.pk], now=now)


def follow_category(*, category: Category, now: datetime) -> None:
    """After a category was changed by form: all that lies below it is found and promoted by the new place."""
    with write():
        ids = list(Variant.objects.filter(product__category__in=below(category.code)).values_list("pk", flat=True))
        refresh_search_text(variant_ids=ids)
        offer_soon(variant_ids=ids, now=now)


def follow_product(*, product: Product, now: datetime) -> None:
    """After a product was changed by form: its variants are found by the new words, and their offers follow."""
    with write():
        ids = list(Variant.objects.filter(product=product).values_list("pk", flat=True))
        refresh_search_text(variant_ids=ids)
        offer_soon(variant_ids=ids, now=now)


def offer_soon(*, variant_ids: list[int], now: datetime) -> None:
    """Have offers computed anew, soon after the commit."""
    DueOffer.objects.bulk_create([DueOffer(variant_id=pk, due_at=now) for pk in sorted(variant_ids)])
    wake_after_commit()
