"""Carts: the same one on every channel."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import SourceRecord
from omni.core import clock
from omni.core.api.permissions import Access
from omni.core.limits import hit
from orders import carts
from orders.handoffs import hand_off, resume
from orders.models import Cart
from orders.presenting_carts import show_cart
from orders.queries import find_cart
from orders.serializers import CartCustomerIn, CartFulfilmentIn, CartIn, CartLineIn, CouponIn, EmptyIn, ResumeIn
from orders.views.base import CART_ANSWER, SELLS, OrdersView, quantities

# Guesses at codes that one caller may make in a minute.
RESUMES_A_MINUTE = 30
HANDOFF_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="{code, url, qr_svg, expires_at}")


class CartsView(OrdersView):
    """Begin a cart; a customer who has one open gets that one."""

    access = {"POST": SELLS}
    idempotent = {"POST"}

    @extend_schema(request=CartIn, responses={201: CART_ANSWER})
    def post(self, request: Request) -> Response:
        told = self.read(CartIn)
        own = self.caller.source_record
        record = SourceRecord.objects.filter(pk=own).first() if own is not None else None
        cart = carts.create_cart(
            channel=self.channel,
            customer_id=self.customer_wished(told.get("customer")),
            source_record=record,
            lines=quantities(told.get("lines") or []),
            contact=told.get("contact"),
            now=clock.now(),
        )
        return Response(_shown(self, cart), status=201)


class CartView(OrdersView):
    """The whole cart."""

    access = {"GET": Access(key=True, customer=True, staff="orders.view_cart")}

    @extend_schema(responses=CART_ANSWER)
    def get(self, request: Request, cart_id: UUID) -> Response:
        return Response(_shown(self, find_cart(self.caller, cart_id)))


class CartLineView(OrdersView):
    """So many of a SKU; 0 takes it out."""

    access = {"PUT": SELLS}

    @extend_schema(request=CartLineIn, responses=CART_ANSWER)
    def put(self, request: Request, cart_id: UUID, sku: str) -> Response:
        told = self.read(CartLineIn)
        find_cart(self.caller, cart_id)
        cart = carts.set_line(
            cart_id=cart_id, sku=sku, quantity=told["quantity"], channel=self.caller.channel, now=clock.now()
        )
        return Response(_shown(self, cart))


class CartCouponsView(OrdersView):
    access = {"POST": SELLS}

    @extend_schema(request=CouponIn, responses=CART_ANSWER)
    def post(self, request: Request, cart_id: UUID) -> Response:
        told = self.read(CouponIn)
        find_cart(self.caller, cart_id)
        cart = carts.add_coupon(cart_id=cart_id, code=told["code"], channel=self.caller.channel, now=clock.now())
        return Response(_shown(self, cart))


class CartCouponView(OrdersView):
    access = {"DELETE": SELLS}

    @extend_schema(responses=CART_ANSWER)
    def delete(self, request: Request, cart_id: UUID, code: str) -> Response:
        find_cart(self.caller, cart_id)
        cart = carts.remove_coupon(cart_id=cart_id, code=code, channel=self.caller.channel, now=clock.now())
        return Response(_shown(self, cart))


class CartCustomerView(OrdersView):
    """Whose cart this is; `changes` says what an open cart of theirs added."""

    access = {"PUT": SELLS}

    @extend_schema(request=CartCustomerIn, responses=CART_ANSWER)
    def put(self, request: Request, cart_id: UUID) -> Response:
        told = self.read(CartCustomerIn)
        find_cart(self.caller, cart_id)
        customer = self.customer_wished(told["customer"])
        assert customer is not None
        cart, changes = carts.set_customer(cart_id=cart_id, customer_id=customer, channel=self.channel, now=clock.now())
        return Response(_shown(self, cart) | {"changes": changes})


class CartFulfilmentView(OrdersView):
    """How the goods are wanted, and who a guest is."""

    access = {"PUT": SELLS}

    @extend_schema(request=CartFulfilmentIn, responses=CART_ANSWER)
    def put(self, request: Request, cart_id: UUID) -> Response:
        told = dict(self.read(CartFulfilmentIn))
        find_cart(self.caller, cart_id)
        contact = told.pop("contact", None)
        if told.get("slot"):
            told["slot"] = told["slot"].isoformat()
        cart = carts.set_fulfilment(
            cart_id=cart_id, fulfilment=told, contact=contact, channel=self.caller.channel, now=clock.now()
        )
        return Response(_shown(self, cart))


class CartHandoffView(OrdersView):
    """A code with which another channel takes the cart over, once."""

    access = {"POST": SELLS}

    @extend_schema(request=EmptyIn, responses=HANDOFF_ANSWER)
    def post(self, request: Request, cart_id: UUID) -> Response:
        find_cart(self.caller, cart_id)
        made = hand_off(cart_id=cart_id, now=clock.now())
        return Response({"code": made.code, "url": made.url, "qr_svg": made.qr_svg, "expires_at": made.expires_at})


class CartResumeView(OrdersView):
    """The same cart on this channel, with nothing to enter again."""

    access = {"POST": Access(key=True, staff="orders.add_order")}
    # Tries are counted outside the transaction that a wrong one rolls back.
    unwrapped = {"POST"}

    @extend_schema(request=ResumeIn, responses=CART_ANSWER)
    def post(self, request: Request) -> Response:
        told = self.read(ResumeIn)
        hit(f"resume:{self.caller.id}", limit=RESUMES_A_MINUTE, seconds=60)
        cart = resume(code=told["code"], channel=self.channel, now=clock.now())
        return Response(_shown(self, cart))


def _shown(view: OrdersView, cart: Cart) -> dict[str, Any]:
    return show_cart(cart, channel=view.caller.channel, language=view.language, now=clock.now())
