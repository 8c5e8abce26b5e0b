"""What the views of this room share: the caller's channel, lines as told, and who may act where."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request

from catalog.quoting import MOST_UNITS, BadQuantity
from customers.models import Membership
from customers.queries import resolve
from customers.views.reach import may_know
from loyalty.gift_cards import GiftCardUnknown
from omni.core.api.callers import Caller
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import DomainError, Forbidden, NotFound
from omni.core.limits import hit, refuse_above
from omni.core.models import Channel, Location
from orders.cancelling import LineWish
from orders.models import Order, Tender
from orders.paying import NewPayment
from orders.queries import find_order, visible_orders

# What answers hold is documented in the guide; its shape follows orders.presenting.
ORDER_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="The whole order.")
CART_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="The whole cart with its quote and what is missing.")
QUOTE_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="The quote with its explanation.")
LIST_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description='{"results": [...], "next": "..." | null}')

SELLS = Access(key=True, customer=True, staff="orders.add_order")
HANDLES = Access(key="fulfilments.handle", staff="orders.change_fulfilment")


# Wrong gift card numbers in a minute: a web shop's key speaks for many buyers.
WRONG_CARDS_OF_KEY = 60
WRONG_CARDS_OF_PERSON = 5


class PlaceForbidden(Forbidden):
    message = _("You may not act for this location.")


class OrdersView(ApiView):
    """Base of this room's views."""

    @property
    def language(self) -> str:
        return get_language() or "vi"

    @property
    def channel(self) -> Channel:
        """The channel that a sale comes through: the key's or token's; a colleague sells for the call centre."""
        if self.caller.channel is not None:
            return self.caller.channel
        channel = Channel.objects.filter(kind=Channel.Kind.CALL_CENTER).order_by("pk").first()
        if channel is None:
            raise Forbidden(_("Colleagues sell through the call centre's channel, and there is none."))
        return channel

    def customer_wished(self, told: int | None) -> int | None:
        """A customer speaks for themselves only; keys and colleagues for whom they name and may know of."""
        if not self.caller.is_customer:
            customer = resolve(told) if told is not None else None
            if customer is not None and not may_know(self.caller, customer):
                raise NotFound(param="customer")
            return told
        own = (
            Membership.objects.filter(source_record_id=self.caller.source_record)
            .values_list("customer_id", flat=True)
            .first()
        )
        if own is None or (told is not None and told != own):
            raise NotFound(param="customer")
        return own

    def order_to_change(self, number: str) -> Order:
        """An order that the caller may change. A till looks up any order, to take goods back and money in, but
        changes only those of its own place. Raises NotFound and PlaceForbidden."""
        order = find_order(self.caller, number)
        if self.caller.location is not None and not visible_orders(self.caller).filter(pk=order.pk).exists():
            raise PlaceForbidden
        return order

    def must_act_at(self, *places: int | None) -> None:
        """Refuse a caller who may act at none of these locations."""
        if not any(place is not None and may_act_at(self.caller, place) for place in places):
            raise PlaceForbidden


class TakesGiftCards(OrdersView):
    """Base of views that take payments: how many wrong gift card numbers a caller may try is limited."""

    def before(self, request: Request) -> None:
        told = request.data if isinstance(request.data, dict) else {}
        several = told.get("payments")
        tried = [told, *(several if isinstance(several, list) else [])]
        if any(isinstance(payment, dict) and payment.get("tender") == Tender.GIFT_CARD for payment in tried):
            refuse_above(self._bucket, limit=self._most, seconds=60)

    def after_refusal(self, refusal: DomainError) -> None:
        if isinstance(refusal, GiftCardUnknown):
            hit(self._bucket, limit=self._most, seconds=60)

    @property
    def _bucket(self) -> str:
        return f"gift-card-wrong/{self.caller.id}"

    @property
    def _most(self) -> int:
        return WRONG_CARDS_OF_KEY if self.caller.is_key else WRONG_CARDS_OF_PERSON


def may_act_at(caller: Caller, location_id: int) -> bool:
    return caller.may_act_at(location_id)


def quantities(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(sku, quantity) of told lines. Raises BadQuantity with the line's path."""
    for index, line in enumerate(lines):
        number = line["quantity"]
        if isinstance(number, bool) or not isinstance(number, int) or not 0 < number <= MOST_UNITS:
            raise BadQuantity(param=f"lines[{index}].quantity")
    return [(line["sku"], line["quantity"]) for line in lines]


def wishes(lines: Sequence[Mapping[str, Any]] | None) -> list[LineWish] | None:
    """Told lines as wishes; None where none were told."""
    return None if lines is None else [LineWish(sku, quantity) for sku, quantity in quantities(lines)]


def payments(told: Sequence[Mapping[str, Any]]) -> list[NewPayment]:
    return [
        NewPayment(
            tender=payment["tender"],
            amount=payment["amount"],
            reference=payment.get("reference") or "",
            tendered=payment.get("tendered"),
        )
        for payment in told
    ]


def location_named(code: str | None, default: Location | None) -> Location:
    """The active location with this code, or the caller's own. Raises NotFound."""
    location = Location.objects.filter(code=code, active=True).first() if code else default
    if location is None:
        raise NotFound(_("There is no such location."), param="location")
    return location
