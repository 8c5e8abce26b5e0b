"""Find goods by what people type: words without diacritics, the beginnings of words, a SKU, a GTIN."""

import re
from collections.abc import Collection
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from catalog.models import Variant
from omni.core.db import fetch_all
from omni.core.text import fold

# So many variants that a text names are few: cheaper to look up than to walk past all others.
FEW = 2_000
_WORD = re.compile(r"\w+")


def search(text: str, limit: int | None = None) -> QuerySet[Variant]:
    """Variants whose words begin with every word of `text`; an exact SKU or GTIN comes first, then newest.

    Uses the GIN index over `search_text`. Nothing typed finds nothing.
    """
    return _first_exact(matching(Variant.objects.filter(active=True), text), text, limit)


def matching(rows: QuerySet[Any], text: str, *, variant: str = "") -> QuerySet[Any]:
    """Those of `rows` that the text names, in no order of its own.

    `variant` is the path from a row to its variant, such as `variant__`. Where few are named, they are looked up
    first through the index; where many are, walking the rows in their order soon finds a page of them.
    """
    if not prefix_query(text):
        return rows.none()
    few = list(_words_found(Variant.objects.order_by(), text, "search_text").values_list("pk", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return rows.filter(**{f"{variant}pk__in": few})
    return _words_found(rows, text, f"{variant}search_text")


def _words_found(rows: QuerySet[Any], text: str, column: str) -> QuerySet[Any]:
    """Those of `rows` in whose `column` each word of `text` begins some word; served by the GIN index."""
    query = SearchQuery(prefix_query(text), config="simple", search_type="raw")
    found: QuerySet[Any] = rows.alias(words=SearchVector(column, config="simple")).filter(words=query)
    return found


def prefix_query(text: str) -> str:
    """`Áo thun` -> `'ao':* & 'thun':*`, which to_tsquery reads; empty where there is no word."""
    return " & ".join(f"'{word}':*" for word in _WORD.findall(fold(text).replace("_", " ")))


def _first_exact(rows: QuerySet[Variant], text: str, limit: int | None) -> QuerySet[Variant]:
    typed = text.strip()
    exact = Q(sku__in={typed, typed.upper(), typed.lower()}) | Q(gtin=typed)
    ordered = rows.order_by(Case(When(exact, then=Value(0)), default=Value(1), output_field=IntegerField()), "-pk")
    return ordered[:limit] if limit is not None else ordered


def search_text(*, sku: str, gtin: str | None, names: Collection[str], words: Collection[str] = ()) -> str:
    """What a variant is found by: names, options, category and brand, SKU whole and in parts, GTIN; folded."""
    parts = [*names, *words, sku, re.sub(r"[\W_]+", " ", sku), gtin or ""]
    return fold(re.sub(r"[\W_]+", " ", fold(" ".join(part for part in parts if part))))


def refresh_search_text(*, variant_ids: Collection[int]) -> int:
    """Write `search_text` anew for these variants, set-wise; returns how many differ from before."""
    rows = Variant.objects.select_related("product__category").filter(pk__in=variant_ids)
    fresh = [(variant.pk, search_text_of(variant)) for variant in rows]
    changed = fetch_all(
        "UPDATE catalog_variant v SET search_text = f.words FROM unnest(%s::bigint[], %s::text[]) AS f (id, words)"
        " WHERE v.id = f.id AND v.search_text <> f.words RETURNING v.id",
        [[pk for pk, _words in fresh], [words for _pk, words in fresh]],
    )
    return len(changed)


def search_text_of(variant: Variant) -> str:
    """What a variant is found by, from its loaded product and category."""
    product = variant.product
    return search_text(
        sku=variant.sku,
        gtin=variant.gtin,
        names=[product.name_vi, product.name_en],
        words=[
            *(str(value) for value in variant.options.values()),
            product.vendor,
            product.category.name_vi,
            product.category.name_en,
        ],
    )
