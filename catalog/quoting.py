"""Price a basket as the tables stand now: load what pricing needs in four queries, then ask the pure engine."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Coupon, CouponUse, Price, Promotion, Variant
from catalog.pricing import (
    NOBODY,
    Buyer,
    Charge,
    Conditions,
    CouponGiven,
    Item,
    PricedBasket,
    PromotionRule,
    Words,
    price_basket,
)
from catalog.promotions import KINDS
from omni.core.errors import Conflict, Unprocessable

# More of one SKU than any basket holds; keeps amounts inside the columns that store them.
MOST_UNITS = 1_000_000


class UnknownSku(Unprocessable):
    code = "unknown_sku"
    message = _("There is no such SKU on sale. Check it, or search for the goods by name.")


class BadQuantity(Unprocessable):
    code = "bad_quantity"
    message = _("A quantity is a whole number above 0.")


class NotPriced(Conflict):
    code = "not_priced"
    message = _("These goods have no price in this currency now. Set one before selling them.")


class MixedTax(Conflict):
    code = "mixed_tax"
    message = _("One basket cannot mix prices with tax and without. Sell these goods in two baskets.")


def price_basket_now(
    *,
    lines: Sequence[tuple[str, int]],
    coupons: Sequence[str] = (),
    buyer: Buyer = NOBODY,
    method: str | None = None,
    charges: Sequence[Charge] = (),
    currency: str | None = None,
    source_records: Sequence[int] = (),
    now: datetime,
) -> PricedBasket:
    """What these (sku, quantity) lines cost at `now`, with explanations in both languages.

    Reads only. `currency` is the shop's unless told. `source_records` are all of the buyer's, for coupons that one
    customer may use so many times. Raises UnknownSku and BadQuantity with the line's path as
    param, NotPriced, and MixedTax.
    """
    currency = currency or settings.DEFAULT_CURRENCY
    items = load_items(lines=lines, currency=currency, now=now)
    given, rules = load_rules(coupons=coupons, source_records=source_records, currency=currency, now=now)
    if len({item.tax_included for item in items}) > 1:
        raise MixedTax
    return price_basket(
        items=items,
        promotions=rules,
        coupons=given,
        buyer=buyer,
        method=method,
        charges=charges,
        now=shop_time(now),
        currency=currency,
    )


def shop_time(now: datetime) -> datetime:
    """The same moment on the retailer's own clock, by which weekdays and hours of promotions are meant."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE))


def load_items(*, lines: Sequence[tuple[str, int]], currency: str, now: datetime) -> list[Item]:
    """The basket's goods with their running prices, categories and tax rates."""
    for index, (_sku, quantity) in enumerate(lines):
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= MOST_UNITS:
            raise BadQuantity(param=f"lines[{index}].quantity")
    variants = {
        variant.sku: variant
        for variant in Variant.objects.select_related("product").filter(
            sku__in={sku for sku, _quantity in lines}, active=True, product__active=True
        )
    }
    for index, (sku, _quantity) in enumerate(lines):
        if sku not in variants:
            raise UnknownSku(param=f"lines[{index}].sku", details={"sku": sku})
    prices = {
        price.variant_id: price
        for price in running_prices(currency=currency, now=now).filter(
            variant__in=[variant.pk for variant in variants.values()]
        )
    }
    paths = category_paths()
    items = []
    for index, (sku, quantity) in enumerate(lines):
        price = prices.get(variants[sku].pk)
        if price is None:
            raise NotPriced(param=f"lines[{index}].sku", details={"sku": sku, "currency": currency})
        path, rate = paths[variants[sku].product.category_id]
        items.append(Item(sku, quantity, price.amount, path, rate, price.tax_included))
    return items


def running_prices(*, currency: str, now: datetime) -> QuerySet[Price]:
    """The prices that hold at `now`: at most one of a variant."""
    return Price.objects.filter(currency=currency, valid_from__lte=now).filter(
        Q(valid_until=None) | Q(valid_until__gt=now)
    )


def category_paths() -> dict[int, tuple[tuple[str, ...], int]]:
    """Of each category: the codes from the root down to it, and its tax rate in basis points."""
    rows = {row[0]: row[1:] for row in Category.objects.values_list("pk", "code", "parent_id", "tax_rate")}

    def path(key: int) -> tuple[str, ...]:
        codes: list[str] = []
        at: int | None = key
        # As many steps as there are categories at most, so that a ring in the data cannot hang a sale.
        for _step in range(len(rows)):
            if at is None:
                break
            codes.append(rows[at][0])
            at = rows[at][1]
        return tuple(reversed(codes))

    return {key: (path(key), row[2]) for key, row in rows.items()}


def load_rules(
    *, coupons: Iterable[str], source_records: Sequence[int] = (), currency: str, now: datetime
) -> tuple[list[CouponGiven], list[PromotionRule]]:
    """The coupons that were given, and the promotions that run at `now`: the automatic ones and those opened."""
    codes = list(dict.fromkeys(code.strip().upper() for code in coupons if code.strip()))
    known = {
        coupon.code: coupon for coupon in Coupon.objects.select_related("promotion").filter(code__in=codes) if codes
    }
    own = _uses_of(known.values(), source_records)
    given = [_given(code, known.get(code), own, now) for code in codes]
    opened = [coupon.promotion for coupon in given if coupon.promotion]
    rows = running_promotions(now=now, currency=currency).filter(Q(needs_coupon=False) | Q(code__in=opened))
    return given, [rule_of(row) for row in rows]


def running_promotions(*, now: datetime, currency: str) -> QuerySet[Promotion]:
    """Promotions whose validity holds at `now` and whose budget is not used up."""
    return running(Promotion.objects.filter(currency=currency), now)


def running(rows: QuerySet[Promotion], now: datetime) -> QuerySet[Promotion]:
    """Those of `rows` that run at `now` and have something left to give."""
    return (
        rows.filter(active=True, valid_from__lte=now)
        .filter(Q(valid_until=None) | Q(valid_until__gt=now))
        .filter(Q(budget=None) | Q(spent__lt=F("budget")))
    )


def _uses_of(coupons: Iterable[Coupon], source_records: Sequence[int]) -> dict[str, int]:
    """How often this buyer has used each coupon that counts its uses per customer."""
    limited = [coupon.pk for coupon in coupons if coupon.max_uses_per_customer is not None]
    if not limited or not source_records:
        return {}
    live = CouponUse.objects.filter(coupon__in=limited, source_record__in=source_records, returned_at=None)
    return dict(live.order_by().values_list("coupon__code").annotate(uses=Count("pk")))


def _given(code: str, coupon: Coupon | None, own: dict[str, int], now: datetime) -> CouponGiven:
    if coupon is None:
        return CouponGiven(code, refusal=_UNKNOWN_COUPON)
    if coupon.valid_until is not None and coupon.valid_until <= now:
        return CouponGiven(code, refusal=_EXPIRED_COUPON)
    if coupon.max_uses is not None and coupon.used >= coupon.max_uses:
        return CouponGiven(code, refusal=_USED_COUPON)
    if coupon.max_uses_per_customer is not None and own.get(code, 0) >= coupon.max_uses_per_customer:
        return CouponGiven(code, refusal=_USED_BY_YOU)
    return CouponGiven(code, promotion=coupon.promotion.code)


def rule_of(promotion: Promotion) -> PromotionRule:
    """The row as pricing sees it. BadParams or BadCondition where the row can never be right."""
    return PromotionRule(
        code=promotion.code,
        kind=KINDS[promotion.kind].read(promotion.params),
        name_vi=promotion.name_vi,
        name_en=promotion.name_en,
        conditions=Conditions.read(promotion.conditions),
        exclusive=promotion.stacking == Promotion.Stacking.EXCLUSIVE,
        priority=promotion.priority,
        needs_coupon=promotion.needs_coupon,
        budget_left=None if promotion.budget is None else promotion.budget - promotion.spent,
    )


_UNKNOWN_COUPON: Words = {"vi": "Không có mã này.", "en": "There is no such code."}
_EXPIRED_COUPON: Words = {"vi": "Mã đã hết hạn.", "en": "The code has expired."}
_USED_COUPON: Words = {"vi": "Mã đã được dùng hết.", "en": "The code is used up."}
_USED_BY_YOU: Words = {
    "vi": "Quý khách đã dùng hết lượt của mã này.",
    "en": "You have used this code as often as allowed.",
}
