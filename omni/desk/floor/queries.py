"""What the floor's pages show: the pick-up queue of a store, one fulfilment with its lines, a variant's state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet

from catalog.models import Offer, StockLevel, Variant
from omni.core.models import Location
from orders.models import Fulfilment, FulfilmentLine

F = Fulfilment.Status
TO_PICK = (F.NEW, F.ACCEPTED, F.PICKED, F.PACKED)
LONGEST_QUEUE = 100


@dataclass(frozen=True, slots=True)
class Counts:
    to_pick: int
    late: int
    ready: int


def queue_counts(store: Location, *, now: datetime) -> Counts:
    """How many to pick here, how many of them late, how many ready to be handed over here."""
    counts = Fulfilment.objects.filter(Q(source=store) | Q(pickup=store), status__in=[*TO_PICK, F.READY]).aggregate(
        to_pick=Count("pk", filter=Q(source=store, status__in=TO_PICK)),
        late=Count("pk", filter=Q(source=store, status__in=TO_PICK, promised_at__lt=now)),
        ready=Count("pk", filter=Q(pickup=store, status=F.READY)),
    )
    return Counts(**counts)


def to_pick(store: Location) -> QuerySet[Fulfilment]:
    """What this store has to pick, what was promised earliest first."""
    rows = _with_lines(Fulfilment.objects.filter(source=store, status__in=TO_PICK))
    return rows.order_by("promised_at", "pk")[:LONGEST_QUEUE]


def ready_here(store: Location) -> QuerySet[Fulfilment]:
    """What waits here for its customer, those who have arrived first, then the longest ready."""
    rows = Fulfilment.objects.filter(pickup=store, status=F.READY).select_related("order", "pickup")
    return rows.order_by("arrived_at", "ready_at", "pk")[:LONGEST_QUEUE]


def fulfilment_of(store: Location, key: int) -> Fulfilment | None:
    """One fulfilment that this store picks or hands over, with its lines in the order of the shelves."""
    rows = Fulfilment.objects.filter(Q(source=store) | Q(pickup=store), pk=key)
    return _with_lines(rows).first()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A variant as somebody on the floor asks for it: its offer, what is here, and where else there is some."""

    variant: Variant
    offer: Offer | None
    on_hand: int
    reserved: int
    available: int
    elsewhere: Sequence[tuple[str, int]]


def variants_scanned(code: str) -> list[Variant]:
    """The variant of a barcode or SKU; a UPC-A is the GTIN without its leading zero."""
    codes = {code, code.upper(), f"0{code}", code.lstrip("0")} - {""}
    rows = Variant.objects.filter(Q(sku__in=codes) | Q(gtin__in=codes))
    return list(rows.select_related("product", "offer")[:5])


def shelf_of(variant: Variant, store: Location) -> Shelf:
    """Stock from the live levels, not from the offer, which may be a second old."""
    levels = list(StockLevel.objects.filter(variant=variant, location__active=True).select_related("location"))
    here = next((level for level in levels if level.location_id == store.pk), None)
    return Shelf(
        variant=variant,
        offer=getattr(variant, "offer", None),
        on_hand=here.on_hand if here else 0,
        reserved=here.reserved if here else 0,
        available=_available(here),
        elsewhere=[
            (level.location.name, _available(level))
            for level in sorted(levels, key=lambda level: -_available(level))
            if level.location_id != store.pk and _available(level)
        ],
    )


def _available(level: StockLevel | None) -> int:
    return max(0, level.on_hand - level.reserved - level.safety) if level else 0


def _with_lines(rows: QuerySet[Fulfilment]) -> QuerySet[Fulfilment]:
    lines: Prefetch[Any, Any, str] = Prefetch(
        "lines",
        FulfilmentLine.objects.select_related("order_line__variant__product").order_by(
            "order_line__variant__shelf", "pk"
        ),
    )
    return rows.select_related("order", "source", "pickup").prefetch_related(lines)
