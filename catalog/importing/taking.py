"""Take products that were read from a file: in batches, each one transaction, safe to repeat."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from catalog.gtin import BadGtin, normal_gtin
from catalog.importing.rows import Problem, ProductRow, VariantRow, slug
from catalog.models import Category, Movement, Price, Product, Variant
from catalog.offers import refresh_offers
from catalog.prices import NewPrice, set_prices
from catalog.quoting import running_prices
from catalog.search import refresh_search_text
from catalog.stock.levels import due, lock_levels, movement
from omni.core import money
from omni.core.db import write
from omni.core.models import Location

NO_CATEGORY = ("chua-phan-loai", "Chưa phân loại", "Uncategorised")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a file is to be read: amounts times `rate` are of the shop's currency, quantities lie at `location`.

    `source` names the file in movements, so that its quantities are put on the shelf once, however often it runs.
    """

    rate: Decimal
    location: Location | None
    source: str
    by: str


@dataclass(slots=True)
class Taken:
    """What a batch did: counts by name, and the problems that only the tables could show."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def take(products: Sequence[ProductRow], terms: Terms, now: datetime) -> Taken:
    """Take a batch of products whole; a SKU that cannot be taken is refused by its row.

    Products and SKUs are made or changed to what the file says, prices set where they differ, stock put on the
    shelf once, offers refreshed. Running it again changes nothing.
    """
    done = Taken()
    with write():
        known = {
            row.sku: row
            for row in Variant.objects.select_related("product").filter(
                sku__in=[variant.sku for product in products for variant in product.variants]
            )
        }
        kept = [(product, _own(product, known, done)) for product in products]
        rows = _products([product for product, variants in kept if variants], now, done)
        variants = _variants(
            [(rows[product.handle], variant) for product, own in kept for variant in own], known, now, done
        )
        _prices([variant for _product, own in kept for variant in own], variants, terms, now, done)
        if terms.location is not None:
            _stock([variant for _product, own in kept for variant in own], variants, terms, now, done)
        ids = [variant.pk for variant in variants.values()]
        refresh_search_text(variant_ids=ids)
        refresh_offers(variant_ids=ids, now=now)
    return done


def _own(product: ProductRow, known: dict[str, Variant], done: Taken) -> list[VariantRow]:
    """The product's variants whose SKU is not another product's."""
    own = []
    for variant in product.variants:
        other = known.get(variant.sku)
        if other is not None and other.product.handle != product.handle:
            done.problems.append(Problem(variant.row, "SKU", "sku_of_other_product", variant.sku))
        else:
            own.append(variant)
    if product.variants and not own:
        told = {variant.row for variant in product.variants}
        done.problems += [Problem(row, "Handle", "product_refused") for row in product.rows if row not in told]
    elif not product.variants:
        done.problems += [Problem(row, "Handle", "product_without_variants") for row in product.rows]
    return own


def _products(products: Sequence[ProductRow], now: datetime, done: Taken) -> dict[str, Product]:
    categories = _categories({product.category for product in products})
    rows = {row.handle: row for row in Product.objects.filter(handle__in=[product.handle for product in products])}
    new: list[Product] = []
    for product in products:
        told: dict[str, Any] = {
            "name_vi": product.name_vi,
            "name_en": product.name_en,
            "description": product.description,
            "vendor": product.brand,
            "tags": product.tags,
            "images": product.images,
            "option_names": product.option_names,
            "category": categories[product.category] if product.category else None,
        }
        # What the file leaves empty stays what colleagues made of it.
        told = {name: value for name, value in told.items() if value} | {"active": product.active}
        row = rows.get(product.handle)
        if row is None:
            told.setdefault("category", categories[""])
            new.append(Product(handle=product.handle, created_at=now, **told))
        elif any(getattr(row, name) != value for name, value in told.items()):
            for name, value in told.items():
                setattr(row, name, value)
            row.save()
            done.counts["products_changed"] += 1
    for row in Product.objects.bulk_create(new):
        rows[row.handle] = row
    done.counts["products_new"] += len(new)
    return rows


def _categories(names: Collection[str]) -> dict[str, Category]:
    """The categories by the name in the file; those that are not there yet are made."""
    found = {}
    for name in sorted({*names, ""}):
        code, vi, en = (slug(name)[:80], name[:200], "") if name else NO_CATEGORY
        found[name], _made = Category.objects.get_or_create(code=code, defaults={"name_vi": vi, "name_en": en})
    return found


def _variants(
    told: Sequence[tuple[Product, VariantRow]], known: dict[str, Variant], now: datetime, done: Taken
) -> dict[str, Variant]:
    gtins = {variant.row: _gtin(variant, done) for _product, variant in told}
    owners = dict(Variant.objects.filter(gtin__in=[gtin for gtin in gtins.values() if gtin]).values_list("gtin", "sku"))
    rows: dict[str, Variant] = {}
    new: list[Variant] = []
    for product, variant in told:
        gtin = gtins[variant.row]
        if gtin and owners.setdefault(gtin, variant.sku) != variant.sku:
            done.problems.append(Problem(variant.row, "Barcode", "gtin_taken", gtin, refused=False))
            gtin = None
        row = known.get(variant.sku)
        if row is None:
            new.append(
                Variant(
                    sku=variant.sku,
                    gtin=gtin,
                    product=product,
                    options=variant.options,
                    weight_grams=variant.weight_grams or 0,
                    created_at=now,
                )
            )
            continue
        rows[variant.sku] = row
        weight = row.weight_grams if variant.weight_grams is None else variant.weight_grams
        if (row.options, row.weight_grams, row.gtin) != (variant.options, weight, gtin or row.gtin):
            row.options, row.weight_grams, row.gtin = variant.options, weight, gtin or row.gtin
            row.save(update_fields=["options", "weight_grams", "gtin"])
            done.counts["variants_changed"] += 1
    for row in Variant.objects.bulk_create(new):
        rows[row.sku] = row
    done.counts["variants_new"] += len(new)
    return rows


def _gtin(variant: VariantRow, done: Taken) -> str | None:
    """The GTIN of a row, or None with a remark where its check digit is wrong."""
    if not variant.gtin:
        return None
    try:
        return normal_gtin(variant.gtin.removeprefix("'"))
    except BadGtin:
        done.problems.append(Problem(variant.row, "Barcode", "gtin_bad", variant.gtin[:300], refused=False))
        return None


def _prices(told: Sequence[VariantRow], variants: dict[str, Variant], terms: Terms, now: datetime, done: Taken) -> None:
    currency = settings.DEFAULT_CURRENCY
    ids = [variant.pk for variant in variants.values()]
    floors = dict(running_prices(currency=currency, now=now).filter(variant__in=ids).values_list("variant", "floor"))
    # What is planned stays planned: the file's price then only runs until it begins.
    planned: dict[int, datetime] = {}
    for pk, begins in (
        Price.objects.filter(variant__in=ids, currency=currency, valid_from__gt=now)
        .order_by("-valid_from")
        .values_list("variant", "valid_from")
    ):
        planned[pk] = begins
    batches: dict[datetime | None, list[NewPrice]] = {}
    for variant in told:
        pk = variants[variant.sku].pk
        amount = money.to_minor(variant.price * terms.rate, currency)
        compare_at = None
        if variant.compare_at is not None and variant.compare_at > variant.price:
            compare_at = money.to_minor(variant.compare_at * terms.rate, currency)
        if amount < floors.get(pk, 0):
            done.problems.append(Problem(variant.row, "Price", "below_floor", str(variant.price), refused=False))
            continue
        batches.setdefault(planned.get(pk), []).append(NewPrice(variant.sku, amount, compare_at))
    for until, prices in batches.items():
        done.counts["prices_set"] += set_prices(
            prices=prices, valid_until=until, reason=terms.source, by=terms.by, now=now
        )


def _stock(told: Sequence[VariantRow], variants: dict[str, Variant], terms: Terms, now: datetime, done: Taken) -> None:
    """Put the file's quantities on the shelf: a receipt where there never was any, else a count; once per file."""
    assert terms.location is not None
    at = terms.location.pk
    asked = {variants[row.sku].pk: row for row in told if row.quantity is not None}
    mine = Movement.objects.filter(variant__in=asked, location=at)
    already = set(mine.filter(source_kind="import", source=terms.source).values_list("variant", flat=True))
    moved = set(mine.values_list("variant", flat=True))
    levels = lock_levels({(pk, at) for pk in asked if pk not in already}, create=True)
    moves: list[Movement] = []
    for (pk, _location), level in levels.items():
        row = asked[pk]
        wanted = row.quantity or 0
        if wanted < level.reserved:
            done.problems.append(Problem(row.row, "Quantity", "below_reserved", str(wanted), refused=False))
        elif wanted != level.on_hand:
            reason = Movement.Reason.COUNT if pk in moved else Movement.Reason.RECEIPT
            moves.append(movement((pk, at), wanted - level.on_hand, reason, ("import", terms.source), terms.by, now))
    Movement.objects.bulk_create(moves)
    due({move.variant_id for move in moves}, now)
    done.counts["stock_set"] += len(moves)
