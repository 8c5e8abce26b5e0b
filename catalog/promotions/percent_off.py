"""So many percent off each unit in scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from catalog.pricing.values import Cut, Goods, Kind, Words
from catalog.promotions.params import only, whole
from omni.core.money import share_of


@dataclass(frozen=True, slots=True)
class PercentOff(Kind):
    """`percent` 1 to 100, rounded half up once per line."""

    name: ClassVar[str] = "percent_off"
    percent: int

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        only(params, "percent")
        return cls(percent=whole(params, "percent", most=100))

    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        return [Cut(offered.line, offered.count, share_of(offered.amount, self.percent, 100)) for offered in goods]

    def words(self, currency: str) -> Words:
        return {"vi": f"giảm {self.percent} %", "en": f"{self.percent} % off"}
