"""Buy so many, get so many more free or cheaper; the cheapest ones are the ones given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import cheapest_first, only, whole, whole_or_none
from omni.core.money import share_of, split


@dataclass(frozen=True, slots=True)
class BuyXGetY(Kind):
    """`buy` units and the next `get` are `percent` off (100 if left out), `times` times at most, mixed in scope.

    Units count as they come, so "buy 1 get 2" already gives the second one: one unit more never costs less.
    """

    name: ClassVar[str] = "buy_x_get_y"
    basket_wide: ClassVar[bool] = True
    buy: int
    get: int
    percent: int = 100
    times: int | None = None

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "buy", "get", "percent", "times")
        percent = whole_or_none(params, "percent", most=100)
        return cls(
            buy=whole(params, "buy"),
            get=whole(params, "get"),
            percent=100 if percent is None else percent,
            times=whole_or_none(params, "times"),
        )

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        rounds, rest = divmod(sum(offered.count for offered in goods), self.buy + self.get)
        given = rounds * self.get + max(0, rest - self.buy)
        if self.times is not None:
            given = min(given, self.times * self.get)
        earned_by = self.buy * -(-given // self.get)
        found: dict[int, list[int]] = {}
        for offered, count, amount in cheapest_first(goods):
            free = min(count, given)
            tied = min(count - free, earned_by)
            given, earned_by = given - free, earned_by - tied
            sums = found.setdefault(offered.line, [0, 0, 0])
            sums[0] += free
            sums[1] += split(amount, [free, count - free])[0]
            sums[2] += tied
        return [
            Cut(line, count, share_of(worth, self.percent, 100), tied)
            for line, (count, worth, tied) in found.items()
            if count or tied
        ]

    def words(self, currency: str) -> Words:
        if self.percent == 100:
            return {"vi": f"mua {self.buy} tặng {self.get}", "en": f"buy {self.buy}, get {self.get} free"}
        return {
            "vi": f"mua {self.buy}, giảm {self.percent} % cho {self.get} sản phẩm tiếp theo",
            "en": f"buy {self.buy}, get {self.get} at {self.percent} % off",
        }
