"""The delivery fee is on the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, whole_or_none
from omni.core.money import show


@dataclass(frozen=True, slots=True)
class FreeDelivery(Kind):
    """Takes the delivery fee off, `up_to` a sum where one is given; what must be bought is a condition."""

    name: ClassVar[str] = "free_delivery"
    on_delivery: ClassVar[bool] = True
    up_to: int | None = None

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "up_to")
        return cls(up_to=whole_or_none(params, "up_to"))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        return []

    def delivery_cut(self, fee: int, *, scope_list_total: int) -> int:
        return fee if self.up_to is None else min(fee, self.up_to)

    def words(self, currency: str) -> Words:
        if self.up_to is None:
            return {"vi": "miễn phí giao hàng", "en": "free delivery"}
        return {
            "vi": f"miễn phí giao hàng đến {show(self.up_to, currency, 'vi')}",
            "en": f"free delivery up to {show(self.up_to, currency, 'en')}",
        }
