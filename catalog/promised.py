"""What promotions promise to somebody of whom nothing is known: the price of one unit, and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from catalog.models import Promotion, Variant
from catalog.pricing import NOBODY, Item, PromotionRule, price_basket
from catalog.quoting import category_paths, rule_of, running_prices, shop_time


@dataclass(frozen=True, slots=True)
class PromotionPrice:
    """`amount` is None where no promotion lowers one unit; `valid_until` is when one of them begins or ends next."""

    variant_id: int
    amount: int | None
    code: str
    valid_until: datetime | None


def promotion_prices(*, variant_ids: Collection[int], currency: str, now: datetime) -> list[PromotionPrice]:
    """For the variants that some automatic promotion has in scope, now or later; pure pricing of one unit each."""
    rows = list(
        Promotion.objects.filter(active=True, currency=currency, needs_coupon=False)
        .filter(Q(valid_until=None) | Q(valid_until__gt=now))
        .filter(Q(budget=None) | Q(spent__lt=F("budget")))
    )
    promises = [_Promise.of(row, now) for row in rows]
    promises = [promise for promise in promises if _for_anybody(promise.rule)]
    if not promises:
        return []
    paths = category_paths()
    prices = {
        price.variant_id: price for price in running_prices(currency=currency, now=now).filter(variant__in=variant_ids)
    }
    # Most variants share their price, category and rules with others: each such case is priced once.
    known: dict[tuple[object, ...], tuple[int | None, str]] = {}
    found = []
    for pk, sku, category in Variant.objects.filter(pk__in=variant_ids).values_list(
        "pk", "sku", "product__category_id"
    ):
        path, _rate = paths[category]
        scope = [promise for promise in promises if promise.rule.conditions.covers(sku, path)]
        if not scope:
            continue
        running = [promise.rule for promise in scope if promise.running]
        price = prices.get(pk)
        promised: tuple[int | None, str] = (None, "")
        if price is not None and running:
            case = (price.amount, path, tuple(rule.code for rule in running))
            if case not in known:
                known[case] = _promised(Item(sku, 1, price.amount, path), running, currency, now)
            promised = known[case]
        changes = [promise.changes_at for promise in scope if promise.changes_at is not None]
        found.append(PromotionPrice(pk, *promised, valid_until=min(changes, default=None)))
    return found


@dataclass(frozen=True, slots=True)
class _Promise:
    rule: PromotionRule
    running: bool
    changes_at: datetime | None

    @classmethod
    def of(cls, row: Promotion, now: datetime) -> "_Promise":
        rule = rule_of(row)
        moments = [moment for moment in (row.valid_from, row.valid_until) if moment is not None and moment > now]
        turn = _next_turn(rule, now)
        if turn is not None:
            moments.append(turn)
        return cls(rule, row.valid_from <= now, min(moments, default=None))


def _for_anybody(rule: PromotionRule) -> bool:
    """Whether a buyer of whom nothing is known, who takes one unit any way, can have it."""
    asks = rule.conditions
    return not (
        rule.kind.on_delivery
        or asks.methods
        or asks.min_quantity > 1
        or not asks.welcomes(segments=frozenset(), tier="", has_ordered=False, known=False)
    )


def _promised(item: Item, rules: list[PromotionRule], currency: str, now: datetime) -> tuple[int | None, str]:
    priced = price_basket(items=[item], promotions=rules, buyer=NOBODY, now=shop_time(now), currency=currency)
    if not priced.discount_total:
        return None, ""
    # The one that gives most names the price.
    code = max(sorted(priced.given), key=lambda code: priced.given[code])
    return priced.lines[0].total, code


def _next_turn(rule: PromotionRule, now: datetime) -> datetime | None:
    """When a promotion of certain weekdays or hours opens or closes next; None for one that does neither."""
    asks = rule.conditions
    if not asks.weekdays and asks.hours is None:
        return None
    local = shop_time(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    is_open = asks.open_at(local)
    for day in range(9):
        start = midnight + timedelta(days=day)
        clocks = [start]
        if asks.hours is not None:
            clocks += [start.replace(hour=clock.hour, minute=clock.minute) for clock in asks.hours]
        for moment in sorted(clocks):
            if moment > local and asks.open_at(moment) != is_open:
                return moment
    return None
