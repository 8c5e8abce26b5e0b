"""Orders: place, record, find, pay, cancel, edit, return."""

from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Membership
from omni.core import clock
from omni.core.api.paging import page_of
from omni.core.api.permissions import Access
from omni.core.errors import BadRequest, Forbidden, NotFound
from orders.agreeing import NewOrder
from orders.cancelling import cancel_order
from orders.editing import edit_order, preview_edit
from orders.models import Method, Order
from orders.paying import add_payments, confirm_payment
from orders.placing import place_or_find
from orders.presenting import show_order, show_orders, show_return
from orders.queries import at_places, find_cart, find_order, find_payment, visible_orders
from orders.recording import ToldLine, ToldOrder, ToldPayment, record_or_find
from orders.returning import ReturnWish, return_goods
from orders.serializers import CancelIn, ChannelOrderIn, EditIn, EmptyIn, OrderIn, PaymentsIn, ReturnIn
from orders.views.base import (
    LIST_ANSWER,
    ORDER_ANSWER,
    SELLS,
    OrdersView,
    TakesGiftCards,
    location_named,
    payments,
    quantities,
    wishes,
)

RETURN_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="The return: refund by line and tender, points.")
_FILTERS = ("customer", "channel", "status", "location", "placed_after", "external_id", "cursor", "limit")


class OrdersListView(TakesGiftCards):
    """Place an order, or list those that the caller may know of, newest first."""

    access = {"GET": Access(key=True, customer=True, staff="orders.view_order"), "POST": SELLS}
    idempotent = {"POST"}

    @extend_schema(
        operation_id="orders_list", responses=LIST_ANSWER, parameters=[OpenApiParameter(name, str) for name in _FILTERS]
    )
    def get(self, request: Request) -> Response:
        rows = _filtered(visible_orders(self.caller).select_related("channel", "location"), request.query_params)
        return Response(page_of(request, rows, show_orders))

    @extend_schema(request=OrderIn, responses={201: ORDER_ANSWER, 200: ORDER_ANSWER})
    def post(self, request: Request) -> Response:
        told = self.read(OrderIn)
        if self.caller.is_customer and any(
            p["tender"] in {"cash", "card", "wallet"} for p in told.get("payments") or []
        ):
            # Their own word that money was taken is no capture.
            raise Forbidden(param="payments")
        if self.caller.is_customer and (told.get("fulfilment") or {}).get("method") == Method.CARRY_OUT:
            # Nor is it that they have the goods already.
            raise Forbidden(param="fulfilment.method")
        if told.get("cart"):
            find_cart(self.caller, told["cart"])
        wish = NewOrder(
            lines=quantities(told["lines"]) if told.get("lines") is not None else None,
            cart=told.get("cart"),
            customer=self.customer_wished(told.get("customer")),
            contact=told.get("contact") or {},
            coupons=told.get("coupons"),
            quote=told.get("quote"),
            expected_total=told.get("expected_total"),
            fulfilment=told.get("fulfilment") or {},
            payments=payments(told.get("payments") or []),
            points_to_spend=told.get("points_to_spend", 0),
            external_id=told.get("external_id"),
            sold_by=told.get("sold_by", ""),
            note=told.get("note", ""),
        )
        order, is_new = place_or_find(
            channel=self.channel, wish=wish, location=self.caller.location, by=self.caller.name, now=clock.now()
        )
        if not is_new:
            # The number is the channel's, the first order may be somebody else's.
            find_order(self.caller, order.number)
        return Response(show_order(order), status=201 if is_new else 200)


class ChannelOrdersView(OrdersView):
    """Write down an order that exists already."""

    access = {"POST": Access(key=True)}
    idempotent = {"POST"}

    @extend_schema(request=ChannelOrderIn, responses={201: ORDER_ANSWER, 200: ORDER_ANSWER})
    def post(self, request: Request) -> Response:
        told = self.read(ChannelOrderIn)
        way = told.get("fulfilment") or {}
        order, is_new = record_or_find(
            channel=self.channel,
            told=ToldOrder(
                external_id=told["external_id"],
                lines=[ToldLine(**line) for line in told["lines"]],
                total=told.get("total"),
                currency=told.get("currency") or "VND",
                charges=told.get("charges") or [],
                payments=[ToldPayment(**payment) for payment in told.get("payments") or []],
                customer=self.customer_wished(told.get("customer")),
                contact=told.get("contact") or {},
                coupons=told.get("coupons") or [],
                method=way.get("method") or (Method.CARRY_OUT if self.caller.location else Method.DELIVERY),
                location=way.get("location") or None,
                address=way.get("address") or {},
                handed_over=told["handed_over"] or (self.caller.location is not None and not way),
                placed_at=told.get("placed_at"),
                tax_included=told["tax_included"],
                sold_by=told.get("sold_by", ""),
                note=told.get("note", ""),
            ),
            till=self.caller.location,
            by=self.caller.name,
            now=clock.now(),
        )
        return Response(show_order(order), status=201 if is_new else 200)


class OrderView(OrdersView):
    """One order; a till may look up any, because goods come back anywhere."""

    access = {"GET": Access(key=True, customer=True, staff="orders.view_order")}

    @extend_schema(responses=ORDER_ANSWER)
    def get(self, request: Request, number: str) -> Response:
        return Response(show_order(find_order(self.caller, number)))


class CancelView(OrdersView):
    """Cancel what has not left yet: all of it, or some units."""

    access = {"POST": Access(key=True, customer=True, staff="orders.change_order")}
    idempotent = {"POST"}

    @extend_schema(request=CancelIn, responses=ORDER_ANSWER)
    def post(self, request: Request, number: str) -> Response:
        told = self.read(CancelIn)
        found = self.order_to_change(number)
        order, _refunded = cancel_order(
            order_id=found.pk,
            lines=wishes(told.get("lines")),
            reason=told["reason"],
            by=self.caller.name,
            now=clock.now(),
        )
        return Response(show_order(order))


class EditView(OrdersView):
    """Fewer units of what was ordered; `?preview=true` only says what would change."""

    access = {"POST": Access(key=True, customer=True, staff="orders.change_order")}
    idempotent = {"POST"}

    @extend_schema(request=EditIn, responses=ORDER_ANSWER, parameters=[OpenApiParameter("preview", bool)])
    def post(self, request: Request, number: str) -> Response:
        lines = _edited(self.read(EditIn)["lines"])
        found = self.order_to_change(number)
        if request.query_params.get("preview", "").lower() in {"1", "true"}:
            return Response(preview_edit(order_id=found.pk, lines=lines))
        order = edit_order(order_id=found.pk, lines=lines, by=self.caller.name, now=clock.now())
        return Response(show_order(order))


class PaymentsView(TakesGiftCards):
    """Pay towards an order that owes something."""

    access = {"POST": Access(key=True, staff="orders.add_payment")}
    idempotent = {"POST"}

    @extend_schema(request=PaymentsIn, responses={201: ORDER_ANSWER})
    def post(self, request: Request, number: str) -> Response:
        told = self.read(PaymentsIn)
        found = find_order(self.caller, number)
        order = add_payments(
            order_id=found.pk,
            payments=payments(told.get("payments") or [told]),
            by=self.caller.name,
            now=clock.now(),
        )
        return Response(show_order(order), status=201)


class ConfirmPaymentView(OrdersView):
    """The money of a pending payment has come."""

    access = {"POST": Access(key=True, staff="orders.change_payment")}
    idempotent = {"POST"}

    @extend_schema(request=EmptyIn, responses=ORDER_ANSWER)
    def post(self, request: Request, payment_id: int) -> Response:
        payment = find_payment(self.caller, payment_id)
        self.order_to_change(payment.order.number)
        order = confirm_payment(payment_id=payment.pk, by=self.caller.name, now=clock.now())
        return Response(show_order(order))


class ReturnsView(OrdersView):
    """Take goods back, whatever channel sold them."""

    access = {"POST": Access(key=True, staff="orders.add_return")}
    idempotent = {"POST"}

    @extend_schema(request=ReturnIn, responses={201: RETURN_ANSWER})
    def post(self, request: Request, number: str) -> Response:
        told = self.read(ReturnIn)
        quantities(told["lines"])
        location = location_named(told.get("location"), self.caller.location)
        self.must_act_at(location.pk)
        order = self._order(number)
        of, refunded = return_goods(
            order_id=order.pk,
            location=location,
            lines=[
                ReturnWish(line["sku"], line["quantity"], line.get("reason", ""), line["condition"])
                for line in told["lines"]
            ],
            refund_to=told.get("refund_to") or "original",
            by=self.caller.name,
            now=clock.now(),
        )
        shown = show_return(of, of.lines.all(), refunded.refunds)
        return Response(shown | {"order": order.number, "refund_total": refunded.amount}, status=201)

    def _order(self, number: str) -> Order:
        """Whoever may act at the counter takes back goods of any order."""
        if not self.caller.is_staff:
            return find_order(self.caller, number)
        order = Order.objects.filter(number=number).select_related("channel", "location").first()
        if order is None:
            raise NotFound
        return order


def _filtered(rows: QuerySet[Order], told: Any) -> QuerySet[Order]:
    """The list's filters, each refusing what it cannot understand."""
    if told.get("customer"):
        if not (told["customer"].isascii() and told["customer"].isdigit()) or len(told["customer"]) > 18:
            raise BadRequest(param="customer")
        records = Membership.objects.filter(customer_id=int(told["customer"])).values("source_record_id")
        rows = rows.filter(source_record__in=records)
    if told.get("channel"):
        rows = rows.filter(channel__code=told["channel"])
    if told.get("status"):
        if told["status"] not in Order.Status.values:
            raise BadRequest(param="status")
        rows = rows.filter(status=told["status"])
    if told.get("location"):
        rows = rows.filter(at_places([location_named(told["location"], None).pk]))
    if told.get("placed_after"):
        rows = rows.filter(placed_at__gt=_time(told["placed_after"]))
    if told.get("external_id"):
        rows = rows.filter(external_id=told["external_id"])
    return rows


def _time(told: str) -> Any:
    moment = parse_datetime(told.replace(" ", "+"))
    if moment is None or moment.tzinfo is None:
        raise BadRequest(param="placed_after")
    return moment


def _edited(lines: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(sku, wanted quantity); 0 takes a line off."""
    wanted = [line for line in lines if line["quantity"] != 0 or isinstance(line["quantity"], bool)]
    quantities(wanted)
    return [(line["sku"], line["quantity"]) for line in lines]
