"""The frozen values that pricing takes and gives. Amounts are minor units; words come in both languages."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from catalog.pricing.conditions import Conditions

# What a person reads, by language code: {"vi": ..., "en": ...}.
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Buyer:
    """What rules may know of who buys. `known` is False for a guest, who then has no history to rely on."""

    segments: frozenset[str] = frozenset()
    tier: str = ""
    has_ordered: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """A SKU in the basket. `category_path` goes from the root down to its own category; `tax_rate` is basis points."""

    sku: str
    quantity: int
    unit_price: int
    category_path: tuple[str, ...] = ()
    tax_rate: int = 0
    tax_included: bool = True


@dataclass(frozen=True, slots=True)
class Charge:
    """What is asked beside the goods; `delivery` is the code of the fee that a promotion may take off."""

    code: str
    amount: int


@dataclass(frozen=True, slots=True)
class Goods:
    """What one rule may discount of one line: so many units, worth `amount` after what was taken off before.

    `parcels` are (count, amount) of units that share a history, so that a rule may look at each by itself.
    """

    line: int
    sku: str
    unit_price: int
    parcels: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        return sum(count for count, _ in self.parcels)

    @property
    def amount(self) -> int:
        return sum(amount for _, amount in self.parcels)


@dataclass(frozen=True, slots=True)
class Cut:
    """Take `amount` (0 or more) off `count` units of a line; `tied` more units earned it and are used up with it."""

    line: int
    count: int
    amount: int
    tied: int = 0


class BadParams(ValueError):
    """Parameters or conditions of a promotion that can never be right: which one, and why, in both languages."""

    def __init__(self, param: str, words: Words) -> None:
        self.param = param
        self.words = words
        super().__init__(f"{param}: {words['en']}")


class Kind(ABC):
    """One kind of promotion with its parameters read; see catalog.promotions for all there are.

    A kind whose cuts look at several lines together is `basket_wide`; `on_delivery` marks one that lowers the
    delivery fee and no goods. `scope_list_total` is what the goods in scope cost before any promotion.
    """

    name: ClassVar[str]
    basket_wide: ClassVar[bool] = False
    on_delivery: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def read(cls, params: Mapping[str, Any]) -> Self:
        """The kind with these parameters; BadParams names the one that can never be right."""

    @abstractmethod
    def cuts(self, goods: Sequence[Goods], *, scope_list_total: int) -> list[Cut]:
        """What to take off which lines; nothing where the goods do not earn it."""

    @abstractmethod
    def words(self, currency: str) -> Words:
        """What it gives, as people say it: `giảm 10 %`, `10 % off`."""

    def delivery_cut(self, fee: int, *, scope_list_total: int) -> int:
        """How much of the delivery fee it takes off; only asked of kinds that are `on_delivery`."""
        return 0

    def missing(self, scope_list_total: int) -> int:
        """How much more must be bought before the kind gives anything; 0 once enough is."""
        return 0


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """A promotion as pricing sees it. `budget_left` bounds what it may give in this basket, None: unbounded."""

    code: str
    kind: Kind
    name_vi: str = ""
    name_en: str = ""
    conditions: Conditions = field(default_factory=Conditions)
    exclusive: bool = True
    priority: int = 0
    needs_coupon: bool = False
    budget_left: int | None = None

    @property
    def name(self) -> Words:
        return {"vi": self.name_vi or self.name_en or self.code, "en": self.name_en or self.name_vi or self.code}


@dataclass(frozen=True, slots=True)
class CouponGiven:
    """A code that the buyer gave: which promotion it opens, or why it opens none."""

    code: str
    promotion: str | None = None
    refusal: Words | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What one promotion took off: a negative amount or 0, by which coupon if one opened it, in words."""

    promotion: str
    code: str | None
    amount: int
    explanation: Words

    def as_dict(self) -> dict[str, Any]:
        return {
            "promotion": self.promotion,
            "code": self.code,
            "amount": self.amount,
            "explanation": dict(self.explanation),
        }


@dataclass(frozen=True, slots=True)
class Rejected:
    """A coupon, or a promotion within reach, that gave nothing, and why."""

    reason: Words
    coupon: str | None = None
    promotion: str | None = None

    def as_dict(self) -> dict[str, Any]:
        what = {"coupon": self.coupon} if self.coupon is not None else {"promotion": self.promotion}
        return {**what, "reason": dict(self.reason)}


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One SKU priced: `total` = `list_total` - `discount_total`, order-wide discounts shared in."""

    sku: str
    quantity: int
    unit_price: int
    list_total: int
    discount_total: int
    tax: int
    tax_rate: int
    total: int
    adjustments: tuple[Adjustment, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "sku": self.sku,
            "quantity": self.quantity,
            "unit_price": self.unit_price,
            "list_total": self.list_total,
            "discount_total": self.discount_total,
            "tax": self.tax,
            "tax_rate": self.tax_rate,
            "total": self.total,
            "adjustments": [adjustment.as_dict() for adjustment in self.adjustments],
        }


@dataclass(frozen=True, slots=True)
class PricedBasket:
    """What a basket costs and why. `coupons` are the codes that gave something, `given` each promotion's sum."""

    currency: str
    lines: tuple[PricedLine, ...]
    order_adjustments: tuple[Adjustment, ...]
    charges: tuple[Charge, ...]
    list_total: int
    discount_total: int
    charges_total: int
    tax_total: int
    tax_included: bool
    total: int
    rejected: tuple[Rejected, ...]
    coupons: tuple[str, ...]
    given: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The quote's result with words in both languages; `in_language` picks one of them."""
        return {
            "currency": self.currency,
            "lines": [line.as_dict() for line in self.lines],
            "order_adjustments": [adjustment.as_dict() for adjustment in self.order_adjustments],
            "list_total": self.list_total,
            "discount_total": self.discount_total,
            "charges": [{"code": charge.code, "amount": charge.amount} for charge in self.charges],
            "charges_total": self.charges_total,
            "tax_total": self.tax_total,
            "tax_included": self.tax_included,
            "total": self.total,
            "rejected": [rejected.as_dict() for rejected in self.rejected],
        }


def in_language(result: Any, language: str) -> Any:
    """The same result with every {"vi", "en"} replaced by the reader's language; other values stay as they are."""
    if isinstance(result, Mapping):
        if set(result) == {"vi", "en"}:
            return result["vi" if language.startswith("vi") else "en"]
        return {key: in_language(value, language) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [in_language(value, language) for value in result]
    return result
