"""What a basket costs: pure functions of frozen values, which know neither the database nor the clock."""

from catalog.pricing.conditions import BadCondition, Conditions
from catalog.pricing.engine import DELIVERY, NOBODY, price_basket
from catalog.pricing.values import (
    Adjustment,
    BadParams,
    Buyer,
    Charge,
    CouponGiven,
    Cut,
    Goods,
    Item,
    Kind,
    PricedBasket,
    PricedLine,
    PromotionRule,
    Rejected,
    Words,
    in_language,
)

__all__ = [
    "DELIVERY",
    "NOBODY",
    "Adjustment",
    "BadCondition",
    "BadParams",
    "Buyer",
    "Charge",
    "Conditions",
    "CouponGiven",
    "Cut",
    "Goods",
    "Item",
    "Kind",
    "PricedBasket",
    "PricedLine",
    "PromotionRule",
    "Rejected",
    "Words",
    "in_language",
    "price_basket",
]
