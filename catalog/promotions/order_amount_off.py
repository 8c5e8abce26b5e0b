"""A sum off the whole order, shared over its lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, shared, whole
from omni.core.money import show


@dataclass(frozen=True, slots=True)
class OrderAmountOff(Kind):
    """`amount` in minor units off all goods in scope together, shared by what they are worth."""

    name: ClassVar[str] = "order_amount_off"
    basket_wide: ClassVar[bool] = True
    amount: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "amount")
        return cls(amount=whole(params, "amount"))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        return shared(self.amount, goods)

    def words(self, currency: str) -> Words:
        return {
            "vi": f"giảm {show(self.amount, currency, 'vi')} cho đơn hàng",
            "en": f"{show(self.amount, currency, 'en')} off the order",
        }
