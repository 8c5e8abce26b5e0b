"""Change the one promotion table: checked before it is saved, and offers follow in the same transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from catalog.models import Promotion, Variant
from catalog.offers import refresh_offers
from catalog.pricing import BadCondition, BadParams, Conditions
from catalog.promotions import KINDS
from catalog.quoting import category_paths
from omni.core import money, outbox
from omni.core.db import lock, write
from omni.core.errors import Unprocessable


class BadPromotion(Unprocessable):
    code = "bad_promotion"
    message = _("This promotion can never be right.")


def save_promotion(*, promotion: Promotion, by: str, now: datetime) -> Promotion:
    """Save a new or changed promotion; every offer in its old or new scope is computed anew.

    Raises BadPromotion with the parameter or condition that can never be right. `spent` is counted by orders
    alone and kept as it is.
    """
    check_promotion(promotion)
    with write():
        before = lock(Promotion.objects.filter(pk=promotion.pk)) if promotion.pk else []
        if before:
            promotion.spent = before[0].spent
        promotion.save()
        _follow([*before, promotion], now)
        return promotion


def pause_promotion(*, promotion: Promotion, active: bool = False, by: str, now: datetime) -> Promotion:
    """Stop a promotion at once, or let it run again."""
    with write():
        (row,) = lock(Promotion.objects.filter(pk=promotion.pk))
        if row.active != active:
            row.active = active
            row.save(update_fields=["active"])
            _follow([row], now)
        return row


def check_promotion(promotion: Promotion) -> None:
    """BadPromotion for a kind, parameter, condition or currency that can never be right."""
    if promotion.kind not in KINDS:
        raise BadPromotion(_("There is no such kind of promotion."), param="kind", details={"kinds": sorted(KINDS)})
    if promotion.currency not in money.CURRENCIES:
        raise BadPromotion(param="currency")
    try:
        KINDS[promotion.kind].read(_mapping(promotion.params, "params"))
        Conditions.read(_mapping(promotion.conditions, "conditions"))
    except BadParams as error:
        raise BadPromotion(_told(error.words), param=f"params.{error.param}") from error
    except BadCondition as error:
        raise BadPromotion(_told(error.words), param=f"conditions.{error.name}") from error


def in_scope(promotions: Iterable[Promotion]) -> list[int]:
    """The variants that some of these promotions may lower."""
    asks = [Conditions.read(promotion.conditions) for promotion in promotions]
    paths = category_paths()
    return [
        pk
        for pk, sku, category in Variant.objects.values_list("pk", "sku", "product__category_id")
        if any(conditions.covers(sku, paths[category][0]) for conditions in asks)
    ]


def _follow(promotions: list[Promotion], now: datetime) -> None:
    outbox.note([outbox.Change("promotion.changed", promotions[-1].code)], now=now)
    if any(not promotion.needs_coupon and promotion.currency == settings.DEFAULT_CURRENCY for promotion in promotions):
        refresh_offers(variant_ids=in_scope(promotions), now=now)


def _told(words: Any) -> str:
    return str(words["vi" if (translation.get_language() or "vi").startswith("vi") else "en"])


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadPromotion(param=name)
    return value
