"""What a basket costs. Pure: the same values give the same answer, to the unit, on every channel."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.pricing.stacking import State, opening, stack
from catalog.pricing.values import (
    Adjustment,
    Buyer,
    Charge,
    CouponGiven,
    Item,
    PricedBasket,
    PricedLine,
    PromotionRule,
    Rejected,
    Words,
)
from omni.core.money import share_of, show

DELIVERY = "delivery"
# A buyer of whom nothing is known.
NOBODY = Buyer()


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rules after their conditions were looked at: those that act, and why the others of interest do not."""

    acting: list[PromotionRule]
    opened_by: dict[str, str]
    rejected: list[Rejected]


def price_basket(
    *,
    items: Sequence[Item],
    promotions: Sequence[PromotionRule],
    coupons: Sequence[CouponGiven] = (),
    buyer: Buyer = NOBODY,
    method: str | None = None,
    charges: Sequence[Charge] = (),
    now: datetime,
    currency: str,
) -> PricedBasket:
    """Price a basket: equal SKUs are one line, the order of lines changes nothing but the order of the answer.

    `now` is aware and in the shop's own zone, for promotions of a weekday or an hour. `promotions` are those
    whose validity holds now. ValueError for a basket that mixes prices with and without tax.
    """
    merged = _merged(items)
    if len({item.tax_included for item in merged}) > 1:
        raise ValueError("One basket cannot mix prices with tax and without.")
    sorted_rules = _sort_rules(merged, promotions, coupons, buyer, method, now, currency)
    acting = sorted_rules.acting
    rejected = list(sorted_rules.rejected)
    while True:
        state = stack(opening(merged), merged, [rule for rule in acting if not rule.kind.on_delivery])
        order_cuts = _delivery_cuts(merged, acting, charges)
        given = _given(state, order_cuts)
        broke = [rule for rule in acting if rule.budget_left is not None and given[rule.code] > rule.budget_left]
        if not broke:
            break
        acting = [rule for rule in acting if rule is not broke[0]]
        rejected.append(_rejection(broke[0], sorted_rules.opened_by, _BUDGET_GONE))
    rejected += [
        _rejection(rule, sorted_rules.opened_by, _BEATEN) for rule in acting if not given[rule.code] and _told(rule)
    ]
    return _answer(items, merged, state, order_cuts, charges, currency, acting, sorted_rules.opened_by, rejected)


def _merged(items: Iterable[Item]) -> list[Item]:
    """Equal SKUs together, in the order of the SKU: a canonical basket, whatever the order it came in."""
    by_sku: dict[str, Item] = {}
    for item in items:
        known = by_sku.get(item.sku)
        by_sku[item.sku] = replace(known, quantity=known.quantity + item.quantity) if known else item
    return [by_sku[sku] for sku in sorted(by_sku)]


def _sort_rules(
    items: list[Item],
    promotions: Sequence[PromotionRule],
    coupons: Sequence[CouponGiven],
    buyer: Buyer,
    method: str | None,
    now: datetime,
    currency: str,
) -> _Sorted:
    by_code = {rule.code: rule for rule in promotions}
    opened_by: dict[str, str] = {}
    rejected: list[Rejected] = []
    for coupon in coupons:
        if coupon.refusal is not None:
            rejected.append(Rejected(coupon=coupon.code, reason=coupon.refusal))
        elif coupon.promotion not in by_code:
            rejected.append(Rejected(coupon=coupon.code, reason=_NOT_RUNNING))
        elif coupon.promotion in opened_by:
            rejected.append(Rejected(coupon=coupon.code, reason=_OPENED_ALREADY))
        else:
            opened_by[str(coupon.promotion)] = coupon.code
    acting = []
    for rule in sorted(promotions, key=lambda rule: rule.code):
        if rule.needs_coupon and rule.code not in opened_by:
            continue
        reason, near = _why_not(rule, items, buyer, method, now, currency)
        if reason is None:
            acting.append(rule)
        elif near or rule.code in opened_by:
            rejected.append(_rejection(rule, opened_by, reason))
    return _Sorted(acting=acting, opened_by=opened_by, rejected=rejected)


def _why_not(
    rule: PromotionRule, items: list[Item], buyer: Buyer, method: str | None, now: datetime, currency: str
) -> tuple[Words | None, bool]:
    """Why a rule does not act (None: it acts), and whether that is within the buyer's reach."""
    conditions = rule.conditions
    scope = [item for item in items if conditions.covers(item.sku, item.category_path)]
    if not scope:
        return _OTHER_GOODS, False
    if not conditions.welcomes(
        segments=buyer.segments, tier=buyer.tier, has_ordered=buyer.has_ordered, known=buyer.known
    ):
        return _OTHER_BUYERS, False
    if not conditions.open_at(now):
        return _OTHER_TIME, False
    if not conditions.fits_method(method):
        return _OTHER_METHOD, method is not None
    quantity = sum(item.quantity for item in scope)
    if quantity < conditions.min_quantity:
        more = conditions.min_quantity - quantity
        return {"vi": f"Mua thêm {more} sản phẩm để được hưởng.", "en": f"Buy {more} more to get it."}, True
    spent = sum(item.quantity * item.unit_price for item in scope)
    short = max(conditions.min_spend - spent, rule.kind.missing(spent))
    if short > 0:
        return {
            "vi": f"Mua thêm {show(short, currency, 'vi')} để được hưởng.",
            "en": f"Spend {show(short, currency, 'en')} more to get it.",
        }, True
    return None, True


def _delivery_cuts(
    items: list[Item], acting: list[PromotionRule], charges: Sequence[Charge]
) -> list[tuple[PromotionRule, int]]:
    """What comes off the delivery fee: by priority; an exclusive rule shares the fee with no other."""
    fee = sum(charge.amount for charge in charges if charge.code == DELIVERY)
    found: list[tuple[PromotionRule, int]] = []
    for rule in sorted(acting, key=lambda rule: (-rule.priority, rule.code)):
        if not rule.kind.on_delivery or fee <= 0:
            continue
        if found and (rule.exclusive or found[0][0].exclusive):
            continue
        scope = sum(
            item.quantity * item.unit_price for item in items if rule.conditions.covers(item.sku, item.category_path)
        )
        cut = min(fee, rule.kind.delivery_cut(fee, scope_list_total=scope))
        if cut > 0:
            found.append((rule, cut))
            fee -= cut
    return found


def _given(state: State, order_cuts: list[tuple[PromotionRule, int]]) -> dict[str, int]:
    given: dict[str, int] = defaultdict(int)
    for code, _, amount in state.taken:
        given[code] += amount
    for rule, amount in order_cuts:
        given[rule.code] += amount
    return given


def _answer(
    asked: Sequence[Item],
    merged: list[Item],
    state: State,
    order_cuts: list[tuple[PromotionRule, int]],
    charges: Sequence[Charge],
    currency: str,
    acting: list[PromotionRule],
    opened_by: dict[str, str],
    rejected: list[Rejected],
) -> PricedBasket:
    rules = {rule.code: rule for rule in acting}

    def adjustment(code: str, amount: int) -> Adjustment:
        return Adjustment(code, opened_by.get(code), -amount, _explanation(rules[code], currency))

    by_line: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for code, index, amount in state.taken:
        by_line[index][code] += amount
    priced = {
        item.sku: _line(item, tuple(adjustment(code, amount) for code, amount in by_line[index].items()))
        for index, item in enumerate(merged)
    }
    lines = tuple(priced[sku] for sku in dict.fromkeys(item.sku for item in asked))
    order_adjustments = tuple(adjustment(rule.code, amount) for rule, amount in order_cuts)
    included = merged[0].tax_included if merged else True
    list_total = sum(line.list_total for line in lines)
    discount_total = sum(line.discount_total for line in lines) + sum(amount for _, amount in order_cuts)
    charges_total = sum(charge.amount for charge in charges)
    tax_total = sum(line.tax for line in lines)
    given = {code: amount for code, amount in _given(state, order_cuts).items() if amount}
    return PricedBasket(
        currency=currency,
        lines=lines,
        order_adjustments=order_adjustments,
        charges=tuple(charges),
        list_total=list_total,
        discount_total=discount_total,
        charges_total=charges_total,
        tax_total=tax_total,
        tax_included=included,
        total=list_total - discount_total + charges_total + (0 if included else tax_total),
        rejected=tuple(rejected),
        coupons=tuple(opened_by[code] for code in opened_by if code in given),
        given=given,
    )


def _line(item: Item, adjustments: tuple[Adjustment, ...]) -> PricedLine:
    list_total = item.quantity * item.unit_price
    discount = -sum(adjustment.amount for adjustment in adjustments)
    total = list_total - discount
    return PricedLine(
        sku=item.sku,
        quantity=item.quantity,
        unit_price=item.unit_price,
        list_total=list_total,
        discount_total=discount,
        tax=share_of(total, item.tax_rate, 10_000 + (item.tax_rate if item.tax_included else 0)),
        tax_rate=item.tax_rate,
        total=total,
        adjustments=adjustments,
    )


def _explanation(rule: PromotionRule, currency: str) -> Words:
    words, name = rule.kind.words(currency), rule.name
    return {language: f"{name[language]}: {words[language]}" for language in ("vi", "en")}


def _rejection(rule: PromotionRule, opened_by: dict[str, str], reason: Words) -> Rejected:
    if rule.code in opened_by:
        return Rejected(coupon=opened_by[rule.code], reason=reason)
    return Rejected(promotion=rule.code, reason=reason)


def _told(rule: PromotionRule) -> bool:
    """A fee that nobody asks is not worth a word, unless a coupon was given for it."""
    return rule.needs_coupon or not rule.kind.on_delivery


_OTHER_GOODS: Words = {"vi": "Không áp dụng cho các sản phẩm này.", "en": "It does not apply to these goods."}
_OTHER_BUYERS: Words = {"vi": "Dành cho khách hàng khác.", "en": "It is for other customers."}
_OTHER_TIME: Words = {"vi": "Không áp dụng vào giờ này.", "en": "It does not apply at this hour."}
_OTHER_METHOD: Words = {
    "vi": "Không áp dụng cho cách nhận hàng này.",
    "en": "It does not apply to this way of receiving the goods.",
}
_NOT_RUNNING: Words = {"vi": "Khuyến mãi này không còn chạy.", "en": "This promotion is not running."}
_OPENED_ALREADY: Words = {
    "vi": "Một mã khác đã mở khuyến mãi này.",
    "en": "Another code has opened this promotion already.",
}
_BUDGET_GONE: Words = {"vi": "Ngân sách khuyến mãi đã hết.", "en": "The promotion's budget is used up."}
_BEATEN: Words = {
    "vi": "Khuyến mãi khác có lợi hơn đã được áp dụng.",
    "en": "It gives nothing here; a better promotion was applied.",
}
