"""Who spends so much gets percent or a sum off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, percent_or_amount, shared, whole, whole_or_none
from omni.core.money import share_of, show


@dataclass(frozen=True, slots=True)
class SpendThreshold(Kind):
    """From `spend` on (what the goods in scope cost before promotions): `percent`, `at_most` a sum, or `amount` off."""

    name: ClassVar[str] = "spend_threshold"
    basket_wide: ClassVar[bool] = True
    spend: int
    percent: int | None = None
    amount: int | None = None
    at_most: int | None = None

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "spend", "percent", "amount", "at_most")
        percent, amount = percent_or_amount(params)
        return cls(
            spend=whole(params, "spend"), percent=percent, amount=amount, at_most=whole_or_none(params, "at_most")
        )

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        if self.missing(scope_list_total):
            return []
        if self.percent is None:
            return shared(self.amount or 0, goods)
        off = share_of(sum(offered.amount for offered in goods), self.percent, 100)
        return shared(off if self.at_most is None else min(off, self.at_most), goods)

    def missing(self, scope_list_total: int) -> int:
        return max(0, self.spend - scope_list_total)

    def words(self, currency: str) -> Words:
        def told(language: str) -> str:
            return f"{self.percent} %" if self.percent is not None else show(self.amount or 0, currency, language)

        most = {"vi": "", "en": ""}
        if self.at_most is not None:
            most = {
                "vi": f", tối đa {show(self.at_most, currency, 'vi')}",
                "en": f", {show(self.at_most, currency, 'en')} at most",
            }
        return {
            "vi": f"giảm {told('vi')} khi mua từ {show(self.spend, currency, 'vi')}{most['vi']}",
            "en": f"{told('en')} off from {show(self.spend, currency, 'en')}{most['en']}",
        }
