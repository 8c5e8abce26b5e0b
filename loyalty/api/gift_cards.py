"""Gift cards over the API."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty import gift_cards
from loyalty.api import serializers as shapes
from omni.core import clock, limits
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import NotFound, Unprocessable
from omni.core.money import CURRENCIES

# Tries of one caller in a minute: a till or web shop serves many people, a customer looks at a card or two.
TRIES_OF_KEY = 120
TRIES_OF_PERSON = 10


class GiftCardsView(ApiView):
    """Issue a gift card."""

    access = {"POST": Access(key="loyalty.gift_cards", staff="loyalty.add_giftcard")}
    idempotent = {"POST"}

    @extend_schema(request=shapes.GiftCardIn, responses={201: shapes.GiftCardOut})
    def post(self, request: Request) -> Response:
        asked = self.read(shapes.GiftCardIn)
        currency = asked.get("currency", settings.DEFAULT_CURRENCY)
        if currency not in CURRENCIES:
            raise Unprocessable(code="unknown_currency", param="currency")
        card = gift_cards.issue(
            amount=asked["amount"],
            currency=currency,
            by=self.caller.name,
            now=clock.now(),
            payment=asked["payment"],
            expires_at=asked["expires_at"],
        )
        return Response(
            {
                "id": str(card.pk),
                "last4": card.last4,
                "balance": card.account.balance,
                "currency": currency,
                "expires_at": card.expires_at,
            },
            status=201,
        )


class GiftCardNumberView(ApiView):
    """The full number of a card, once."""

    access = {"POST": Access(key="loyalty.gift_cards", staff="loyalty.add_giftcard")}

    @extend_schema(request=None, responses={200: shapes.GiftCardNumberOut})
    def post(self, request: Request, gift_card: str) -> Response:
        if not gift_card.isdecimal() or len(gift_card) > 18:
            raise NotFound
        number = gift_cards.tell_number(gift_card_id=int(gift_card), now=clock.now())
        return Response({"number": number}, headers={"Cache-Control": "no-store"})


class GiftCardBalanceView(ApiView):
    """What is on the card with a number; how often one may try is limited."""

    access = {"POST": Access(key=True, customer=True, staff="loyalty.view_giftcard")}
    # A try counts even if what follows is refused.
    unwrapped = {"POST"}

    @extend_schema(request=shapes.GiftCardNumberIn, responses={200: shapes.GiftCardBalanceOut})
    def post(self, request: Request) -> Response:
        asked = self.read(shapes.GiftCardNumberIn)
        most = TRIES_OF_KEY if self.caller.is_key else TRIES_OF_PERSON
        limits.hit(f"gift-card/{self.caller.id}", limit=most, seconds=60)
        there = gift_cards.balance(asked["number"], now=clock.now())
        return Response(
            {
                "last4": there.last4,
                "balance": there.balance,
                "currency": there.currency,
                "expires_at": there.expires_at,
            }
        )
