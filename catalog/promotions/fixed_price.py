"""One price for each unit in scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, whole
from omni.core.money import show


@dataclass(frozen=True, slots=True)
class FixedPrice(Kind):
    """`amount` is what one unit costs; goods that cost less anyway stay as they are."""

    name: ClassVar[str] = "fixed_price"
    amount: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "amount")
        return cls(amount=whole(params, "amount", least=0))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        return [
            Cut(
                offered.line,
                offered.count,
                sum(max(0, worth - self.amount * count) for count, worth in offered.parcels),
            )
            for offered in goods
        ]

    def words(self, currency: str) -> Words:
        return {
            "vi": f"đồng giá {show(self.amount, currency, 'vi')}",
            "en": f"now {show(self.amount, currency, 'en')} each",
        }
