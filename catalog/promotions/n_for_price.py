"""Any so many of the goods in scope for one price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import cheapest_first, only, whole
from omni.core.money import show, split


@dataclass(frozen=True, slots=True)
class NForPrice(Kind):
    """Each `count` units cost `amount` together, the dearest first; goods that are cheaper anyway stay as they are."""

    name: ClassVar[str] = "n_for_price"
    basket_wide: ClassVar[bool] = True
    count: int
    amount: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "count", "amount")
        return cls(count=whole(params, "count", least=2), amount=whole(params, "amount"))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        dearest = list(reversed(cheapest_first(goods)))
        sets = sum(count for _, count, _ in dearest) // self.count
        best: list[Cut] = []
        best_off = 0
        while sets:
            chosen = _first(dearest, sets * self.count)
            off = sum(worth for _, worth in chosen.values()) - sets * self.amount
            if off <= best_off:
                # Sets are ever dearer towards the front: dropping the cheapest helps only while it cost too much.
                if best:
                    break
            else:
                parts = split(off, [worth for _, worth in chosen.values()])
                best = [Cut(line, count, part) for (line, (count, _)), part in zip(chosen.items(), parts, strict=True)]
                best_off = off
            sets -= 1
        return best

    def words(self, currency: str) -> Words:
        return {
            "vi": f"{self.count} sản phẩm giá {show(self.amount, currency, 'vi')}",
            "en": f"{self.count} for {show(self.amount, currency, 'en')}",
        }


def _first(parcels: Sequence[tuple[Goods, int, int]], wanted: int) -> dict[int, tuple[int, int]]:
    """Of each line, how many of the first `wanted` units and what they are worth."""
    found: dict[int, tuple[int, int]] = {}
    for offered, count, amount in parcels:
        taken = min(count, wanted)
        if taken:
            known = found.get(offered.line, (0, 0))
            found[offered.line] = (known[0] + taken, known[1] + split(amount, [taken, count - taken])[0])
        wanted -= taken
    return found
