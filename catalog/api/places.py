"""GET locations and promotions."""

from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from catalog import stock
from catalog.api.reading import answer
from catalog.api.shapes import LocationsShape, PromotionsShape
from catalog.api.variants import READ
from catalog.models import Promotion, Variant
from catalog.offers import LOW
from catalog.promotions import KINDS
from catalog.queries import by_distance
from catalog.quoting import running
from omni.core import clock
from omni.core.api.paging import decode_cursor, encode_cursor, limit_of, page_of
from omni.core.api.views import ApiView
from omni.core.errors import BadRequest, NotFound
from omni.core.models import Location


class LocationsView(ApiView):
    """Stores and warehouses; nearest first where the reader says where they are; with the stock of one SKU."""

    access: ClassVar = {"GET": READ}

    @extend_schema(
        summary="Where goods are sold, collected or sent from",
        parameters=[
            OpenApiParameter("sku", str, description="Show what can be promised of it at each location, live."),
            OpenApiParameter("lat", float),
            OpenApiParameter("lon", float),
            OpenApiParameter("cursor", str),
            OpenApiParameter("limit", int),
        ],
        responses=LocationsShape,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        begin = _offset(asked.get("cursor"))
        limit = limit_of(request)
        rows = list(Location.objects.filter(active=True).order_by("code"))
        here = _coordinates(asked.get("lat"), asked.get("lon"))
        placed = [(row, None) for row in rows] if here is None else by_distance(rows, *here)
        units = _units(asked.get("sku"))
        page = placed[begin : begin + limit]
        return answer(
            request,
            {
                "results": [_show_location(row, distance, units) for row, distance in page],
                "next": encode_cursor([begin + limit]) if begin + limit < len(placed) else None,
            },
        )


class PromotionsView(ApiView):
    """What runs now, said in both languages."""

    access: ClassVar = {"GET": READ}

    @extend_schema(
        summary="Promotions that run now",
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
        responses=PromotionsShape,
    )
    def get(self, request: Request) -> Response:
        rows = running(Promotion.objects.filter(Q(kind__in=KINDS)), clock.now())
        return answer(
            request,
            page_of(request, rows, lambda page: [_show_promotion(row) for row in page], order=("-priority", "id")),
        )


def _show_location(location: Location, distance: float | None, units: dict[int, int] | None) -> dict[str, Any]:
    atp = None if units is None else units.get(location.pk, 0)
    abilities = {
        "pick_up": location.can_pick_up,
        "curbside": location.can_curbside,
        "ship": location.can_ship,
    }
    return {
        "code": location.code,
        "name": location.name,
        "kind": location.kind,
        "address": location.address,
        "province": location.province,
        "latitude": location.latitude,
        "longitude": location.longitude,
        "time_zone": location.time_zone,
        "opening_hours": location.opening_hours,
        "abilities": [name for name, able in abilities.items() if able],
        "distance_km": distance,
        "atp": atp,
        "status": None if atp is None else "out" if atp == 0 else "low" if atp <= LOW else "in_stock",
    }


def _show_promotion(row: Promotion) -> dict[str, Any]:
    kind = KINDS[row.kind].read(row.params)
    return {
        "code": row.code,
        "kind": row.kind,
        "name": {"vi": row.name_vi or row.name_en, "en": row.name_en or row.name_vi},
        "gives": dict(kind.words(row.currency)),
        "conditions": row.conditions,
        "combinable": row.stacking == Promotion.Stacking.COMBINABLE,
        "needs_coupon": row.needs_coupon,
        "currency": row.currency,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }


def _units(sku: str | None) -> dict[int, int] | None:
    """What can be promised of a SKU by location id; None where none was asked for, 404 for one that is not there."""
    if not sku:
        return None
    pk = Variant.objects.filter(sku=sku, active=True, product__active=True).values_list("pk", flat=True).first()
    if pk is None:
        raise NotFound(_("There is no such SKU on sale. Check it, or search for the goods by name."), param="sku")
    return {location: units for (_variant, location), units in stock.atp([pk]).items()}


def _coordinates(latitude: str | None, longitude: str | None) -> tuple[float, float] | None:
    if not latitude and not longitude:
        return None
    try:
        here = (float(latitude or ""), float(longitude or ""))
    except ValueError:
        here = (float("nan"), float("nan"))
    if not (-90 <= here[0] <= 90 and -180 <= here[1] <= 180):
        raise BadRequest(_("lat is from -90 to 90, lon from -180 to 180, and both are needed."), param="lat")
    return here


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    (offset,) = decode_cursor(cursor, 1)
    if not isinstance(offset, int) or offset < 0:
        raise BadRequest(_("This cursor is not one of ours. Start again without it."), param="cursor")
    return offset
