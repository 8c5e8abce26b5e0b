"""When a promotion applies and to which goods. Conditions combine freely; an empty one asks nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Self

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LISTS = ("categories", "skus", "not_skus", "segments", "tiers", "weekdays", "methods")
_WHOLES = ("min_quantity", "min_spend")
KNOWN = frozenset({*_LISTS, *_WHOLES, "hours", "first_order"})


class BadCondition(ValueError):
    """A condition that can never be right: its name, and why, in both languages."""

    def __init__(self, name: str, vi: str, en: str) -> None:
        self.name = name
        self.words = {"vi": vi, "en": en}
        super().__init__(f"{name}: {en}")


@dataclass(frozen=True, slots=True)
class Conditions:
    """`categories` include what lies below them. `hours` are local, from inclusive, until exclusive, and may
    pass midnight. `min_spend` looks at what the goods in scope cost before any promotion."""

    categories: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    not_skus: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    weekdays: frozenset[str] = frozenset()
    hours: tuple[time, time] | None = None
    first_order: bool = False
    min_quantity: int = 0
    min_spend: int = 0

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From the promotion table's JSON; BadCondition names the one that can never be right."""
        for name in told:
            if name not in KNOWN:
                raise BadCondition(
                    name, "Không có điều kiện này.", f"No such condition. There are: {', '.join(sorted(KNOWN))}."
                )
        values: dict[str, Any] = {name: _texts(name, told[name]) for name in _LISTS if told.get(name)}
        for name in _WHOLES:
            if told.get(name) is not None:
                values[name] = _whole(name, told[name])
        if told.get("hours"):
            values["hours"] = _hours(told["hours"])
        if not isinstance(told.get("first_order", False), bool):
            raise BadCondition("first_order", "Phải là true hoặc false.", "It is true or false.")
        if not values.get("weekdays", frozenset()) <= set(WEEKDAYS):
            raise BadCondition("weekdays", "Thứ trong tuần là mon … sun.", "Weekdays are mon to sun.")
        return cls(first_order=told.get("first_order", False), **values)

    def covers(self, sku: str, category_path: tuple[str, ...]) -> bool:
        """Whether the goods are in scope."""
        if sku in self.not_skus:
            return False
        if not self.categories and not self.skus:
            return True
        return sku in self.skus or not self.categories.isdisjoint(category_path)

    def open_at(self, local_now: datetime) -> bool:
        """Whether the weekday and hour fit; `local_now` is in the shop's own zone."""
        if self.weekdays and WEEKDAYS[local_now.weekday()] not in self.weekdays:
            return False
        if self.hours is None:
            return True
        begins, ends = self.hours
        clock = local_now.time().replace(tzinfo=None)
        return begins <= clock < ends if begins < ends else clock >= begins or clock < ends

    def welcomes(self, *, segments: frozenset[str], tier: str, has_ordered: bool, known: bool) -> bool:
        """Whether who buys fits. A first order needs a known buyer: a guest's history cannot be looked at."""
        if self.segments and self.segments.isdisjoint(segments):
            return False
        if self.tiers and tier not in self.tiers:
            return False
        return not self.first_order or (known and not has_ordered)

    def fits_method(self, method: str | None) -> bool:
        return not self.methods or method in self.methods


def _texts(name: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) and text for text in value):
        raise BadCondition(name, "Phải là một danh sách chữ.", "It is a list of texts.")
    return frozenset(value)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadCondition(name, "Phải là số nguyên từ 0 trở lên.", "It is a whole number of 0 or more.")
    return value


def _hours(value: Any) -> tuple[time, time]:
    try:
        begins, ends = (time.fromisoformat(text) for text in value)
    except (TypeError, ValueError):
        begins = ends = time()
    if begins == ends:
        raise BadCondition("hours", 'Giờ viết như ["18:00", "22:00"].', 'Hours are written ["18:00", "22:00"].')
    return begins, ends
