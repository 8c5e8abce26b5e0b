"""What a basket costs now, written down and honoured on every channel until it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from catalog.pricing import PricedBasket, in_language
from catalog.quoting import price_basket_now
from customers.models import Customer
from customers.queries import records_of, resolve
from loyalty import earning, spending
from omni.core.db import write
from omni.core.errors import NotFound, Unprocessable
from omni.core.models import Channel
from orders.buyers import buyer_of
from orders.charges import charges_for
from orders.models import Quote


class EmptyBasket(Unprocessable):
    code = "empty_basket"
    message = _("There is nothing in this basket. Add a line first.")


def make_quote(
    *,
    channel: Channel,
    customer_id: int | None,
    lines: Sequence[tuple[str, int]],
    coupons: Sequence[str] = (),
    fulfilment: Mapping[str, Any] | None = None,
    points_to_spend: int = 0,
    now: datetime,
) -> Quote:
    """Price (sku, quantity) lines for a customer or a guest (None) and keep the answer for QUOTE_MINUTES.

    Reserves no stock, coupon, points or budget. The channel is only noted: it has no say in the price. Raises
    EmptyBasket, NotFound for an unknown customer, and what catalog.quoting raises.
    """
    if not lines:
        raise EmptyBasket(param="lines")
    customer = known_customer(customer_id)
    told = dict(fulfilment or {})
    currency = settings.DEFAULT_CURRENCY
    buyer = buyer_of(customer.pk if customer else None)
    basket = price_basket_now(
        lines=lines,
        coupons=coupons,
        buyer=buyer,
        method=told.get("method"),
        charges=charges_for(told.get("method"), currency),
        currency=currency,
        source_records=records_of(customer.pk) if customer and coupons else (),
        now=now,
    )
    points, points_value = _points(points_to_spend, basket)
    earned = earning.points_for(
        customer_id=customer.pk if customer else None,
        basis=max(_goods(basket) - points_value, 0),
        currency=currency,
        now=now,
    )
    with write():
        return Quote.objects.create(
            channel=channel,
            customer=customer,
            currency=currency,
            basket={
                "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
                "coupons": list(coupons),
                "fulfilment": {key: told[key] for key in ("method", "location") if told.get(key)},
                "points_to_spend": points_to_spend,
            },
            buyer=asdict(buyer) | {"segments": sorted(buyer.segments)},
            result=basket.as_dict() | {"points_earned": earned, "points_value": points_value, "points": points},
            total=basket.total,
            created_at=now,
            valid_until=now + timedelta(minutes=settings.QUOTE_MINUTES),
        )


def show_quote(quote: Quote, language: str) -> dict[str, Any]:
    """A quote as the API answers it, its explanations in the reader's language."""
    return {
        "id": str(quote.pk),
        "customer": str(quote.customer_id) if quote.customer_id else None,
        **in_language(quote.result, language),
        "created_at": quote.created_at,
        "valid_until": quote.valid_until,
    }


def known_customer(customer_id: int | None) -> Customer | None:
    """The customer as they are now, whatever they were merged into; None for a guest. Raises NotFound."""
    if customer_id is None:
        return None
    customer = resolve(customer_id)
    if customer is None:
        raise NotFound(_("There is no such customer."), param="customer")
    return customer


def _goods(basket: PricedBasket) -> int:
    return sum(line.total for line in basket.lines) + (0 if basket.tax_included else basket.tax_total)


def _points(wanted: int, basket: PricedBasket) -> tuple[int, int]:
    """How many of the points that the buyer wants to spend are needed at most, and what they are worth."""
    if wanted <= 0:
        return 0, 0
    one = spending.value_of(1, basket.currency)
    if one <= 0:
        return 0, 0
    points = min(wanted, -(-basket.total // one))
    return points, min(spending.value_of(points, basket.currency), basket.total)
