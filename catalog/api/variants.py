"""GET variants, one or many, from their offers; POST a price."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.reading import answer
from catalog.api.shapes import NewPriceShape, SetPriceShape, VariantShape, VariantsShape
from catalog.gtin import normal_gtin, same_gtins
from catalog.models import Offer, Promotion
from catalog.prices import set_price
from catalog.queries import below
from catalog.search import matching
from omni.core import clock
from omni.core.api.paging import page_of
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import BadRequest, NotFound
from omni.core.models import Location, both_languages

READ = Access(key=True, customer=True, staff="catalog.view_variant")


class VariantsView(ApiView):
    """What is sold, newest first; with `updated_after`, what changed since, in the order it changed."""

    access: ClassVar = {"GET": READ}

    @extend_schema(
        summary="Search and list variants",
        parameters=[
            OpenApiParameter("search", str, description="Beginnings of words without diacritics, a SKU or a GTIN."),
            OpenApiParameter("category", str, description="A category's code; what lies below it counts too."),
            OpenApiParameter("updated_after", datetime, description="Only offers that changed after this moment."),
            OpenApiParameter("location", str, description="Only what this location carries, and its stock alone."),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=VariantsShape,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        rows = visible_offers()
        order: tuple[str, ...] = ("-variant_id",)
        if asked.get("category"):
            rows = rows.filter(variant__product__category__in=below(asked["category"]))
        location = asked.get("location") or None
        if location:
            if not Location.objects.filter(code=location, active=True).exists():
                raise NotFound(_("There is no such location."), param="location")
            rows = rows.filter(variant__levels__location__code=location)
        if asked.get("updated_after"):
            rows = rows.filter(updated_at__gt=_moment(asked["updated_after"]))
            order = ("updated_at", "variant_id")
        first: list[Offer] = []
        if asked.get("search"):
            first = list(rows.filter(_exactly(asked["search"])))
            rows = matching(rows, asked["search"], variant="variant__").exclude(pk__in=[offer.pk for offer in first])
        page = page_of(
            request, rows, lambda found: show([*([] if asked.get("cursor") else first), *found], location), order=order
        )
        return answer(request, page)


class VariantView(ApiView):
    access: ClassVar = {"GET": READ}

    @extend_schema(summary="One variant by its SKU", responses=VariantShape)
    def get(self, request: Request, sku: str) -> Response:
        return answer(request, _one(visible_offers().filter(variant__sku=sku)))


class VariantByGtinView(ApiView):
    access: ClassVar = {"GET": READ}

    @extend_schema(
        summary="One variant by its GTIN; 422 bad_gtin where the check digit is wrong", responses=VariantShape
    )
    def get(self, request: Request, gtin: str) -> Response:
        return answer(request, _one(visible_offers().filter(variant__gtin__in=same_gtins(normal_gtin(gtin)))))


class VariantPricesView(ApiView):
    access: ClassVar = {"POST": Access(staff="catalog.add_price")}
    idempotent: ClassVar = {"POST"}

    @extend_schema(summary="Set a price, now or for later", request=NewPriceShape, responses={201: SetPriceShape})
    def post(self, request: Request, sku: str) -> Response:
        told = self.read(NewPriceShape)
        price = set_price(sku=sku, by=self.caller.name, now=clock.now(), **told)
        return Response(
            {
                "id": str(price.pk),
                "sku": sku,
                "currency": price.currency,
                "amount": price.amount,
                "compare_at": price.compare_at,
                "floor": price.floor,
                "valid_from": price.valid_from,
                "valid_until": price.valid_until,
                "reason": price.reason,
                "changed_by": price.changed_by,
            },
            status=201,
        )


def visible_offers() -> QuerySet[Offer]:
    """Offers of what is in the assortment, with all that an answer shows of them."""
    return Offer.objects.select_related("variant__product__category").filter(
        variant__active=True, variant__product__active=True
    )


def show(offers: Sequence[Offer], location: str | None = None) -> list[dict[str, Any]]:
    """The offers as the API tells them; the names of promotions come in one query for all."""
    codes = {offer.promotion for offer in offers if offer.promotion}
    names = {row.code: str(row) for row in Promotion.objects.filter(code__in=codes)} if codes else {}
    return [_show(offer, names, location) for offer in offers]


def _show(offer: Offer, names: dict[str, str], location: str | None) -> dict[str, Any]:
    variant, product = offer.variant, offer.variant.product
    options = variant.ordered_options()
    name = both_languages(product.name_vi, product.name_en)
    return {
        "sku": variant.sku,
        "gtin": variant.gtin,
        "product": {
            "handle": product.handle,
            "name": name,
            "brand": product.vendor,
            "category": product.category.code,
            "description": product.description,
            "images": product.images,
        },
        "name": " ".join([name, *(str(value) for value in options.values())]),
        "options": options,
        "weight_grams": variant.weight_grams,
        "currency": offer.currency,
        "price": None
        if offer.price is None
        else {
            "amount": offer.price,
            "compare_at": offer.compare_at,
            "promotion": None
            if offer.promotion_price is None
            else {
                "code": offer.promotion,
                "amount": offer.promotion_price,
                "name": names.get(offer.promotion, offer.promotion),
            },
            "valid_until": offer.valid_until,
        },
        "tax_included": offer.tax_included,
        "sellable": offer.sellable,
        "atp": offer.atp,
        "availability": [row for row in offer.availability if location in (None, row["location"])],
        "version": str(offer.version),
        "updated_at": offer.updated_at,
    }


def _one(rows: QuerySet[Offer]) -> dict[str, Any]:
    offer = rows.first()
    if offer is None:
        raise NotFound
    return show([offer])[0]


def _exactly(text: str) -> Q:
    typed = text.strip()
    return Q(variant__sku__in={typed, typed.upper(), typed.lower()}) | Q(variant__gtin=typed)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequest(_("A moment is written 2026-06-17T12:00:00+07:00."), param="updated_after")
    return moment
