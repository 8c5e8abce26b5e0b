"""The more of one SKU, the less each costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import BadParams, Cut, Goods, Kind, Words
from catalog.promotions.params import only, percent_or_amount, whole
from omni.core.money import share_of, show


@dataclass(frozen=True, slots=True)
class Tier:
    """From `least` units of one SKU: percent off them, or a sum off each."""

    least: int
    percent: int | None
    amount: int | None

    def cut(self, offered: Goods) -> int:
        if self.percent is not None:
            return share_of(offered.amount, self.percent, 100)
        return sum(min((self.amount or 0) * count, worth) for count, worth in offered.parcels)

    def told(self, currency: str, language: str) -> str:
        off = f"{self.percent} %" if self.percent is not None else show(self.amount or 0, currency, language)
        return f"{self.least}+: -{off}"


@dataclass(frozen=True, slots=True)
class QuantityTiers(Kind):
    """`tiers` [{"from": 3, "percent": 5}, {"from": 6, "amount": 20000}]: the highest one reached counts."""

    name: ClassVar[str] = "quantity_tiers"
    tiers: tuple[Tier, ...]

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "tiers")
        told = params.get("tiers")
        if not isinstance(told, list) or not told or not all(isinstance(row, dict) for row in told):
            raise BadParams("tiers", {"vi": "Cần danh sách bậc.", "en": 'A list such as [{"from": 3, "percent": 5}].'})
        tiers = []
        for row in told:
            only(row, "from", "percent", "amount")
            percent, amount = percent_or_amount(row)
            tiers.append(Tier(whole(row, "from"), percent, amount))
        if len({tier.least for tier in tiers}) < len(tiers):
            raise BadParams("tiers", {"vi": "Hai bậc trùng nhau.", "en": "Two tiers begin at the same quantity."})
        return cls(tiers=tuple(sorted(tiers, key=lambda tier: -tier.least)))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        found = []
        for offered in goods:
            reached = next((tier for tier in self.tiers if tier.least <= offered.count), None)
            if reached is not None:
                found.append(Cut(offered.line, offered.count, reached.cut(offered)))
        return found

    def words(self, currency: str) -> Words:
        ladder = list(reversed(self.tiers))
        return {
            "vi": "mua nhiều giảm nhiều (" + ", ".join(tier.told(currency, "vi") for tier in ladder) + ")",
            "en": "buy more, save more (" + ", ".join(tier.told(currency, "en") for tier in ladder) + ")",
        }
