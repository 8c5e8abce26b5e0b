"""POST quotes, GET quotes/{id}."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from omni.core import clock
from omni.core.api.permissions import Access
from orders.queries import find_quote
from orders.quotes import make_quote, show_quote
from orders.serializers import QuoteIn
from orders.views.base import QUOTE_ANSWER, SELLS, OrdersView, quantities


class QuotesView(OrdersView):
    """What a basket costs now."""

    access = {"POST": SELLS}

    @extend_schema(request=QuoteIn, responses={201: QUOTE_ANSWER})
    def post(self, request: Request) -> Response:
        told = self.read(QuoteIn)
        quote = make_quote(
            channel=self.channel,
            customer_id=self.customer_wished(told.get("customer")),
            lines=quantities(told["lines"]),
            coupons=told.get("coupons") or [],
            fulfilment=told.get("fulfilment"),
            points_to_spend=told.get("points_to_spend", 0),
            now=clock.now(),
        )
        return Response(show_quote(quote, self.language), status=201)


class QuoteView(OrdersView):
    """A quote, on whichever channel it was made."""

    access = {"GET": Access(key=True, customer=True, staff="orders.view_quote")}

    @extend_schema(responses=QUOTE_ANSWER)
    def get(self, request: Request, quote_id: UUID) -> Response:
        return Response(show_quote(find_quote(self.caller, quote_id), self.language))
