"""Sign in with a one-time code."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.codes import LIFETIME, ask_code, limit_asking, limit_trying
from customers.normalise import identifier
from customers.sign_in import sign_in
from customers.views.reach import caller_id, channel_of
from customers.views.shapes import AskedOut, SignInAddressIn, TokenIn, TokenOut
from omni.core import clock
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView


class OneTimeCodeView(ApiView):
    """Ask for a code by SMS or e-mail: 202 whether we know the address or not."""

    access = {"POST": Access(public=True, key=True, customer=True, staff="customers.view_customer")}
    # Tries are counted outside the transaction, so that a refused one still counts.
    unwrapped = {"POST"}

    @extend_schema(request=SignInAddressIn, responses={202: AskedOut})
    def post(self, request: Request) -> Response:
        told = self.read(SignInAddressIn)
        kind = "phone" if "phone" in told else "email"
        own = identifier(kind, told[kind])
        channel = channel_of(request, told.get("channel"))
        limit_asking(value=own.value, caller=caller_id(request))
        ask_code(kind=kind, value=told[kind], channel=channel, now=clock.now())
        return Response({"expires_in": int(LIFETIME.total_seconds())}, status=202)


class TokenView(ApiView):
    """Exchange the code for a customer token."""

    access = {"POST": Access(public=True, key=True, customer=True)}
    unwrapped = {"POST"}

    @extend_schema(request=TokenIn, responses={200: TokenOut})
    def post(self, request: Request) -> Response:
        told = self.read(TokenIn)
        kind = "phone" if "phone" in told else "email"
        own = identifier(kind, told[kind])
        limit_trying(value=own.value, caller=caller_id(request))
        signed = sign_in(
            kind=kind,
            value=told[kind],
            code=told["code"],
            channel=channel_of(request, told.get("channel")),
            cart=told.get("cart"),
            now=clock.now(),
        )
        return Response(
            {
                "token": signed.token,
                "expires_at": signed.expires_at,
                "customer": str(signed.customer.pk),
                "cart": signed.cart,
            }
        )
