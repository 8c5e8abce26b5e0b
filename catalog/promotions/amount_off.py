"""A sum off each unit in scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, whole
from omni.core.money import show


@dataclass(frozen=True, slots=True)
class AmountOff(Kind):
    """`amount` in minor units off each unit, never more than the unit costs."""

    name: ClassVar[str] = "amount_off"
    amount: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "amount")
        return cls(amount=whole(params, "amount"))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        return [
            Cut(offered.line, offered.count, sum(min(self.amount * count, worth) for count, worth in offered.parcels))
            for offered in goods
        ]

    def words(self, currency: str) -> Words:
        return {
            "vi": f"giảm {show(self.amount, currency, 'vi')} mỗi sản phẩm",
            "en": f"{show(self.amount, currency, 'en')} off each",
        }
