"""Which price an order is placed at: that of a live quote, or the one that holds now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from omni.core.errors import Conflict, DomainError, NotFound, Unprocessable
from omni.core.models import Channel
from orders.charges import charges_for
from orders.models import Cart, Quote
from orders.paying import NewPayment
from orders.quotes import known_customer, make_quote, show_quote


class QuoteExpired(Conflict):
    code = "quote_expired"
    message = _("This quote has ended. Show the customer the new one in details.quote.")
    # The new quote that the refusal carries must be there when it is used.
    keeps_writes: ClassVar[bool] = True


class PriceChanged(Conflict):
    code = "price_changed"
    message = _("The price has changed. Show the customer the new quote in details.quote.")
    keeps_writes: ClassVar[bool] = True


class QuoteMismatch(Unprocessable):
    code = "quote_mismatch"
    message = _("This quote is for another basket or another customer. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order as a caller wishes it: from a cart, a quote or lines. Amounts in minor units, all optional but one
    of the three."""

    lines: Sequence[tuple[str, int]] | None = None
    cart: UUID | None = None
    customer: int | None = None
    contact: Mapping[str, Any] = field(default_factory=dict)
    coupons: Sequence[str] | None = None
    quote: UUID | None = None
    expected_total: int | None = None
    fulfilment: Mapping[str, Any] = field(default_factory=dict)
    payments: Sequence[NewPayment] = ()
    points_to_spend: int = 0
    external_id: str | None = None
    sold_by: str = ""
    note: str = ""


def agreed_price(
    channel: Channel,
    wish: NewOrder,
    cart: Cart | None,
    customer_id: int | None,
    fulfilment: Mapping[str, Any],
    now: datetime,
) -> Quote | DomainError:
    """The quote whose prices hold: the one that was brought while it lives, or a new one made now."""
    brought = _brought_quote(wish, customer_id)
    lines = _lines_of(wish, cart, brought)
    codes = _coupons_of(wish, cart, brought)
    points = wish.points_to_spend or (int(brought.basket.get("points_to_spend", 0)) if brought else 0)
    if brought is not None and brought.valid_until > now:
        _check_same_basket(brought, lines, codes, str(fulfilment["method"]), points)
        return brought
    fresh = make_quote(
        channel=channel,
        customer_id=customer_id,
        lines=lines,
        coupons=codes,
        fulfilment=fulfilment,
        points_to_spend=points,
        now=now,
    )
    shown = {"quote": show_quote(fresh, get_language() or "vi")}
    if brought is not None:
        return QuoteExpired(param="quote", details=shown)
    if wish.expected_total is not None and wish.expected_total != fresh.total:
        return PriceChanged(param="expected_total", details=shown)
    return fresh


def _brought_quote(wish: NewOrder, customer_id: int | None) -> Quote | None:
    if wish.quote is None:
        return None
    quote = Quote.objects.filter(pk=wish.quote).select_related("customer").first()
    if quote is None:
        raise NotFound(_("There is no such quote."), param="quote")
    if quote.customer_id is not None:
        known = known_customer(quote.customer_id)
        if known is None or known.pk != customer_id:
            raise QuoteMismatch(param="quote")
    return quote


def _lines_of(wish: NewOrder, cart: Cart | None, quote: Quote | None) -> list[tuple[str, int]]:
    if wish.lines is not None:
        return list(wish.lines)
    if cart is not None:
        return list(cart.lines.order_by("pk").values_list("variant__sku", "quantity"))
    if quote is not None:
        return [(line["sku"], line["quantity"]) for line in quote.basket["lines"]]
    return []


def _coupons_of(wish: NewOrder, cart: Cart | None, quote: Quote | None) -> list[str]:
    if wish.coupons is not None:
        return list(wish.coupons)
    if cart is not None:
        return list(cart.coupons)
    return list(quote.basket["coupons"]) if quote is not None else []


def _check_same_basket(
    quote: Quote, lines: Sequence[tuple[str, int]], codes: Sequence[str], method: str, points: int
) -> None:
    """A live quote stands for its own basket only."""
    asked = _sums([(line["sku"], line["quantity"]) for line in quote.basket["lines"]])
    told = quote.basket["fulfilment"].get("method")
    same_codes = {code.upper() for code in codes} == {code.upper() for code in quote.basket["coupons"]}
    if asked != _sums(lines) or not same_codes or (told is not None and told != method):
        raise QuoteMismatch(param="quote")
    if points != int(quote.basket["points_to_spend"]) or (told is None and _fee_differs(quote, method)):
        raise QuoteMismatch(param="quote")


def _fee_differs(quote: Quote, method: str) -> bool:
    return sum(charge.amount for charge in charges_for(method, quote.currency)) != int(quote.result["charges_total"])


def _sums(lines: Sequence[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for sku, quantity in lines:
        sums[sku] = sums.get(sku, 0) + quantity
    return sums
