"""Questions about the catalog that several surfaces ask."""

from collections.abc import Sequence
from math import asin, cos, radians, sin, sqrt

from catalog.models import Category
from omni.core.models import Location

EARTH_KM = 6371.0


def below(code: str) -> list[int]:
    """The ids of a category and of all that lies below it; empty for a code that is not there."""
    rows = list(Category.objects.values_list("pk", "code", "parent_id"))
    found = [pk for pk, own, _parent in rows if own == code]
    for pk in found:
        # The list grows while it is walked; a category is added once, so a ring in the data ends too.
        found += [child for child, _own, parent in rows if parent == pk and child not in found]
    return found


def by_distance(
    locations: Sequence[Location], latitude: float, longitude: float
) -> list[tuple[Location, float | None]]:
    """Nearest first with the distance in km along a great circle; places without coordinates last."""
    measured = [
        (
            location,
            None
            if location.latitude is None or location.longitude is None
            else round(distance_km(latitude, longitude, location.latitude, location.longitude), 2),
        )
        for location in locations
    ]
    return sorted(measured, key=lambda row: (row[1] is None, row[1] or 0.0, row[0].code))


def distance_km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """The haversine formula."""
    phi, to_phi = radians(latitude), radians(to_latitude)
    half = sin((to_phi - phi) / 2) ** 2 + cos(phi) * cos(to_phi) * sin(radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))
