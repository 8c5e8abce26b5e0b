"""The one price table: a change ends the running price and adds the next, at once or at a set time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from catalog.models import Price, Variant
from catalog.offers import refresh_offers
from catalog.quoting import UnknownSku
from omni.core import money, outbox
from omni.core.db import fetch_all, lock, write
from omni.core.errors import Conflict, Unprocessable


class PriceOverlap(Conflict):
    code = "price_overlap"
    message = _("Another price of these goods is set for that time. End it first, or choose another time.")


class BelowFloor(Conflict):
    code = "below_floor"
    message = _("The price lies below its floor. Raise it, or lower the floor with a reason.")


class BadPrice(Unprocessable):
    code = "bad_price"
    message = _("A price is a whole number of minor units, 0 or more, in an ISO 4217 currency.")


class BadPeriod(Unprocessable):
    code = "bad_period"
    message = _("A price begins now or later, and ends after it begins.")


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price to set: minor units. `floor` None keeps the floor that the running price has."""

    sku: str
    amount: int
    compare_at: int | None = None
    floor: int | None = None


def set_price(
    *,
    sku: str,
    currency: str | None = None,
    amount: int,
    compare_at: int | None = None,
    floor: int | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    tax_included: bool = True,
    reason: str,
    by: str,
    now: datetime,
) -> Price:
    """End the price that runs at `valid_from` (now unless told) and begin the next; offers follow at once.

    Minor units. A price that ends by itself is followed by nothing unless another is set. Locks the variant.
    Raises UnknownSku, BadPrice, BadPeriod, BelowFloor, PriceOverlap (a price that begins later stands in the way).
    """
    with write():
        set_prices(
            prices=[NewPrice(sku, amount, compare_at, floor)],
            currency=currency,
            valid_from=valid_from,
            valid_until=valid_until,
            tax_included=tax_included,
            reason=reason,
            by=by,
            now=now,
        )
        return Price.objects.filter(variant__sku=sku, currency=currency or settings.DEFAULT_CURRENCY).latest("id")


def set_prices(
    *,
    prices: Sequence[NewPrice],
    currency: str | None = None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    tax_included: bool = True,
    reason: str,
    by: str,
    now: datetime,
) -> int:
    """Set many prices at once, set-based, all or none; returns how many differ from what ran before.

    A price that already is what is asked for is left alone, so repeating changes nothing. Errors as set_price.
    """
    currency = currency or settings.DEFAULT_CURRENCY
    begins = valid_from or now
    _check(prices, currency, begins, valid_until, now)
    with write():
        variants = {
            variant.sku: variant.pk
            for variant in lock(Variant.objects.filter(sku__in={price.sku for price in prices}).only("pk", "sku"))
        }
        for index, price in enumerate(prices):
            if price.sku not in variants:
                raise UnknownSku(param=f"prices[{index}].sku", details={"sku": price.sku})
        changed = _changed(prices, variants, currency, begins, valid_until, tax_included)
        if not changed:
            return 0
        _replace(changed, variants, currency, begins, valid_until, tax_included, reason, by, now)
        outbox.note(
            [outbox.Change("price.changed", price.sku, payload={"currency": currency}) for price in changed], now=now
        )
        refresh_offers(variant_ids=[variants[price.sku] for price in changed], now=now)
        return len(changed)


def _check(prices: Sequence[NewPrice], currency: str, begins: datetime, ends: datetime | None, now: datetime) -> None:
    if currency not in money.CURRENCIES:
        raise BadPrice(param="currency")
    if begins < now or (ends is not None and ends <= begins):
        raise BadPeriod(param="valid_from" if begins < now else "valid_until")
    for price in prices:
        amounts = (price.amount, price.floor or 0, price.compare_at or 0)
        if any(isinstance(amount, bool) or not isinstance(amount, int) or amount < 0 for amount in amounts):
            raise BadPrice(param="amount", details={"sku": price.sku})
    if len({price.sku for price in prices}) < len(prices):
        raise PriceOverlap(details={"sku": "twice in one list"})


def _changed(
    prices: Sequence[NewPrice],
    variants: dict[str, int],
    currency: str,
    begins: datetime,
    ends: datetime | None,
    tax_included: bool,
) -> list[NewPrice]:
    """What differs from the prices that hold at `begins`, with floors filled in; BelowFloor names the first."""
    running = {
        row[0]: row[1:]
        for row in fetch_all(
            "SELECT variant_id, amount, compare_at, floor, tax_included, valid_until FROM catalog_price"
            " WHERE variant_id = ANY(%s) AND currency = %s AND valid_from <= %s"
            " AND (valid_until IS NULL OR valid_until > %s)",
            [list(variants.values()), currency, begins, begins],
        )
    }
    changed = []
    for price in prices:
        was = running.get(variants[price.sku])
        floor = price.floor if price.floor is not None else was[2] if was else 0
        if price.amount < floor:
            raise BelowFloor(param="amount", details={"sku": price.sku, "floor": floor})
        if was != (price.amount, price.compare_at, floor, tax_included, ends):
            changed.append(NewPrice(price.sku, price.amount, price.compare_at, floor))
    return changed


def _replace(
    changed: Sequence[NewPrice],
    variants: dict[str, int],
    currency: str,
    begins: datetime,
    ends: datetime | None,
    tax_included: bool,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    ids = [variants[price.sku] for price in changed]
    # One that begins at the very same moment ends there too: it never ran, and stays in the history.
    fetch_all(
        "UPDATE catalog_price SET valid_until = %s WHERE variant_id = ANY(%s) AND currency = %s"
        " AND valid_from <= %s AND (valid_until IS NULL OR valid_until > %s) RETURNING id",
        [begins, ids, currency, begins, begins],
    )
    try:
        # A savepoint, so that the refusal can be told in words and the caller decides what becomes of the rest.
        with transaction.atomic():
            fetch_all(
                "INSERT INTO catalog_price (variant_id, currency, amount, compare_at, floor, tax_included, valid_from,"
                " valid_until, reason, changed_by, created_at)"
                " SELECT p.variant_id, %s, p.amount, p.compare_at, p.floor, %s, %s, %s::timestamptz, %s, %s, %s"
                " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
                " AS p (variant_id, amount, compare_at, floor) RETURNING id",
                [
                    currency,
                    tax_included,
                    begins,
                    ends,
                    reason,
                    by,
                    now,
                    ids,
                    [price.amount for price in changed],
                    [price.compare_at for price in changed],
                    [price.floor for price in changed],
                ],
            )
    except IntegrityError as error:
        if "price_never_overlaps" in str(error):
            raise PriceOverlap from error
        raise
