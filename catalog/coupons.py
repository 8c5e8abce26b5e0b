"""Coupons and budgets: counted in the order's own transaction under their locks, so no race overspends.

Live uses count themselves on their coupon (a trigger of the database), where a check bounds them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Coupon, CouponUse, Promotion
from omni.core.db import assert_in_transaction, lock
from omni.core.errors import Conflict


class CouponUsedUp(Conflict):
    code = "coupon_used_up"
    message = _("This code or promotion is used up. Ask for a new quote without it.")


def use_coupons(
    *,
    codes: Sequence[str],
    order: str,
    source_record: int | None,
    source_records: Sequence[int] = (),
    now: datetime,
) -> None:
    """Count one use of each code by an order; repeating it for the same order counts nothing more.

    `source_records` are all records of the same customer, for the limit per customer. Locks the coupons in the
    order of their ids. Raises CouponUsedUp for a code that is unknown, over, or used as often as allowed.
    """
    assert_in_transaction()
    asked = {code.strip().upper() for code in codes}
    coupons = list(Coupon.objects.filter(code__in=asked).order_by("pk"))
    unknown = asked - {coupon.code for coupon in coupons}
    if unknown:
        raise CouponUsedUp(details={"coupon": min(unknown)})
    persons = {*source_records, *([] if source_record is None else [source_record])}
    for coupon in coupons:
        _use(coupon, order, source_record, persons, now)


def return_coupons(*, order: str, now: datetime) -> int:
    """An order that is cancelled gives its uses back; returns how many. Safe to repeat."""
    assert_in_transaction()
    live = CouponUse.objects.filter(order=order, returned_at=None).order_by("coupon_id")
    returned = 0
    for use in live:
        returned += CouponUse.objects.filter(pk=use.pk, returned_at=None).update(returned_at=now)
    return returned


def spend_budget(*, promotion_amounts: Mapping[str, int], now: datetime) -> None:
    """Count what an order was given (minor units, by promotion code) against the promotions' budgets.

    A promotion without a budget is not counted: every order of a sale would wait for its one row. Locks the
    promotions by id. Raises CouponUsedUp where a budget has not that much left.
    """
    assert_in_transaction()
    bounded = Promotion.objects.filter(code__in=promotion_amounts, budget__isnull=False)
    for pk, code in bounded.order_by("pk").values_list("pk", "code"):
        amount = promotion_amounts[code]
        fits = Q(budget=None) | Q(budget__gte=F("spent") + amount)
        if not Promotion.objects.filter(fits, pk=pk).update(spent=F("spent") + amount):
            raise CouponUsedUp(details={"promotion": code})


def return_budget(*, promotion_amounts: Mapping[str, int], now: datetime) -> None:
    """An order that is cancelled gives back what it took from the budgets. Locks the promotions by id."""
    assert_in_transaction()
    for promotion in lock(Promotion.objects.filter(code__in=promotion_amounts, budget__isnull=False)):
        given = promotion_amounts[promotion.code]
        Promotion.objects.filter(pk=promotion.pk, spent__gte=given).update(spent=F("spent") - given)


def _use(coupon: Coupon, order: str, source_record: int | None, persons: set[int], now: datetime) -> None:
    kept = CouponUse.objects.filter(coupon=coupon, order=order).first()
    if kept is not None and kept.returned_at is None:
        return
    free = Q(max_uses=None) | Q(used__lt=F("max_uses"))
    running = Q(valid_until=None) | Q(valid_until__gt=now)
    # The condition is read again under the row's lock, so of many at once only as many pass as are allowed.
    if not lock(Coupon.objects.filter(free, running, pk=coupon.pk)):
        raise CouponUsedUp(details={"coupon": coupon.code})
    if coupon.max_uses_per_customer is not None:
        if not persons:
            raise CouponUsedUp(
                _("This code is for known customers. Sign in, or give the phone number."),
                details={"coupon": coupon.code},
            )
        own = CouponUse.objects.filter(coupon=coupon, source_record__in=persons, returned_at=None).count()
        if own >= coupon.max_uses_per_customer:
            raise CouponUsedUp(details={"coupon": coupon.code})
    if kept is not None:
        CouponUse.objects.filter(pk=kept.pk).update(returned_at=None, used_at=now, source_record=source_record)
    else:
        CouponUse.objects.create(coupon=coupon, order=order, source_record=source_record, used_at=now)
