"""Certain goods together for one price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import BadParams, Cut, Goods, Kind, Words
from catalog.promotions.params import only, whole
from omni.core.money import show, split


@dataclass(frozen=True, slots=True)
class Bundle(Kind):
    """`skus` {"TEA-1": 1, "CUP-2": 2} cost `amount` together, as often as the basket holds the whole set."""

    name: ClassVar[str] = "bundle"
    basket_wide: ClassVar[bool] = True
    skus: Mapping[str, int]
    amount: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "skus", "amount")
        skus = params.get("skus")
        if not isinstance(skus, dict) or len(skus) < 2:
            raise BadParams("skus", {"vi": "Cần ít nhất hai SKU.", "en": 'At least two: {"TEA-1": 1, "CUP-2": 2}.'})
        return cls(skus={sku: whole(skus, sku) for sku in sorted(skus)}, amount=whole(params, "amount"))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        by_sku = {offered.sku: offered for offered in goods}
        sets = min((by_sku[sku].count // need if sku in by_sku else 0) for sku, need in self.skus.items())
        counts = {sku: need * sets for sku, need in self.skus.items()}
        if not sets:
            return []
        worth = [split(by_sku[sku].amount, [n, by_sku[sku].count - n])[0] for sku, n in counts.items()]
        parts = split(max(0, sum(worth) - sets * self.amount), worth)
        return [Cut(by_sku[sku].line, n, part) for (sku, n), part in zip(counts.items(), parts, strict=True)]

    def words(self, currency: str) -> Words:
        return {
            "vi": f"mua trọn bộ giá {show(self.amount, currency, 'vi')}",
            "en": f"together for {show(self.amount, currency, 'en')}",
        }
