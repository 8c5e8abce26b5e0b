"""Fulfilments: the queue of a place, one address for each verb, and collecting with a code."""

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from omni.core import clock
from omni.core.api.paging import page_of
from omni.core.api.permissions import Access
from omni.core.errors import BadRequest, Forbidden
from orders import fulfilling, pickup
from orders.models import Fulfilment, Method, Order
from orders.presenting import show_fulfilments, show_order
from orders.queries import find_fulfilment, visible_fulfilments
from orders.rejecting import reject
from orders.serializers import (
    ArrivedIn,
    CollectIn,
    EmptyIn,
    ExtendIn,
    FailIn,
    PickIn,
    ReadyIn,
    RejectIn,
    ShipIn,
    SubstituteIn,
)
from orders.substituting import substitute
from orders.views.base import (
    HANDLES,
    LIST_ANSWER,
    ORDER_ANSWER,
    OrdersView,
    location_named,
    quantities,
    wishes,
)

CODE_ANSWER = OpenApiResponse(OpenApiTypes.OBJECT, description="{code, signed_qr, expires_at}")


class FulfilmentsView(OrdersView):
    """What is to be done at the caller's places, newest first."""

    access = {"GET": Access(key=True, customer=True, staff="orders.view_fulfilment")}

    @extend_schema(
        operation_id="fulfilments_list",
        responses=LIST_ANSWER,
        parameters=[OpenApiParameter(name, str) for name in ("location", "status", "method", "cursor", "limit")],
    )
    def get(self, request: Request) -> Response:
        told = request.query_params
        rows = visible_fulfilments(self.caller).select_related("order", "source", "pickup")
        if told.get("location"):
            place = location_named(told["location"], None)
            rows = rows.filter(source=place) | rows.filter(pickup=place)
        if told.get("status"):
            if told["status"] not in Fulfilment.Status.values:
                raise BadRequest(param="status")
            rows = rows.filter(status=told["status"])
        if told.get("method"):
            if told["method"] not in Method.values:
                raise BadRequest(param="method")
            rows = rows.filter(method=told["method"])
        return Response(page_of(request, rows, show_fulfilments))


class VerbView(OrdersView):
    """Base of a verb: finds the fulfilment, checks the caller's place, and answers the whole order."""

    access = {"POST": HANDLES}
    idempotent = {"POST"}
    # At which of its two locations the caller must be: where it comes from, or where it is collected.
    places: ClassVar[tuple[str, ...]] = ("source",)

    def found(self, fulfilment_id: int) -> Fulfilment:
        row = find_fulfilment(self.caller, fulfilment_id)
        ids = {"source": row.source_id, "pickup": row.pickup_id}
        self.must_act_at(*(ids[place] for place in self.places))
        return row

    def answer(self, order: Order) -> Response:
        return Response(show_order(order))

    @property
    def how(self) -> dict[str, Any]:
        return {"by": self.caller.name, "now": clock.now()}


class AcceptView(VerbView):
    @extend_schema(request=EmptyIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.accept(fulfilment_id=row.pk, **self.how))


class PickView(VerbView):
    @extend_schema(request=PickIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        lines = wishes(self.read(PickIn).get("lines"))
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.pick(fulfilment_id=row.pk, lines=lines, **self.how))


class PackView(VerbView):
    @extend_schema(request=EmptyIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.pack(fulfilment_id=row.pk, **self.how))


class ReadyView(VerbView):
    places = ("pickup", "source")

    @extend_schema(request=ReadyIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        slot: datetime | None = self.read(ReadyIn).get("slot")
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.ready(fulfilment_id=row.pk, slot=slot, **self.how))


class ShipView(VerbView):
    @extend_schema(request=ShipIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(ShipIn)
        row = self.found(fulfilment_id)
        return self.answer(
            fulfilling.ship(
                fulfilment_id=row.pk, carrier=told["carrier"], tracking=told.get("tracking", ""), **self.how
            )
        )


class DeliverView(VerbView):
    @extend_schema(request=EmptyIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.deliver(fulfilment_id=row.pk, **self.how))


class FailView(VerbView):
    @extend_schema(request=FailIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(FailIn)
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.fail(fulfilment_id=row.pk, reason=told["reason"], **self.how))


class RejectView(VerbView):
    @extend_schema(request=RejectIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(RejectIn)
        lines = wishes(told.get("lines"))
        row = self.found(fulfilment_id)
        return self.answer(reject(fulfilment_id=row.pk, reason=told["reason"], lines=lines, **self.how))


class SubstituteView(VerbView):
    @extend_schema(request=SubstituteIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(SubstituteIn)
        quantities([told])
        row = self.found(fulfilment_id)
        return self.answer(
            substitute(
                fulfilment_id=row.pk,
                sku=told["sku"],
                with_sku=told["with"],
                quantity=told["quantity"],
                **self.how,
            )
        )


class ExtendView(VerbView):
    places = ("pickup",)

    @extend_schema(request=ExtendIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(ExtendIn)
        row = self.found(fulfilment_id)
        return self.answer(fulfilling.extend(fulfilment_id=row.pk, until=told["until"], **self.how))


class CollectView(VerbView):
    """Hand over to whoever shows the code."""

    places = ("pickup",)

    @extend_schema(request=CollectIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(CollectIn)
        row = self.found(fulfilment_id)
        return self.answer(
            pickup.collect(
                fulfilment_id=row.pk,
                code=told.get("code", ""),
                signed_qr=told.get("signed_qr", ""),
                collected_by=told.get("collected_by", ""),
                **self.how,
            )
        )


class CodeView(OrdersView):
    """A new pick-up code for the customer, or for the channel that sold; the one before ends."""

    access = {"POST": Access(key=True, customer=True)}

    @extend_schema(request=EmptyIn, responses=CODE_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        row = find_fulfilment(self.caller, fulfilment_id)
        if not self.caller.is_customer and row.order.channel_id != self.channel.pk:
            # A till that hands over must not be able to make the code that it asks for.
            raise Forbidden
        code, signed_qr, expires_at = pickup.issue_code(fulfilment_id=row.pk, now=clock.now())
        return Response({"code": code, "signed_qr": signed_qr, "expires_at": expires_at})


class ArrivedView(OrdersView):
    """The customer waits at the kerb."""

    access = {"POST": Access(key=True, customer=True, staff="orders.change_fulfilment")}

    @extend_schema(request=ArrivedIn, responses=ORDER_ANSWER)
    def post(self, request: Request, fulfilment_id: int) -> Response:
        told = self.read(ArrivedIn)
        row = find_fulfilment(self.caller, fulfilment_id)
        order = pickup.arrive(fulfilment_id=row.pk, bay=told.get("bay", ""), by=self.caller.name, now=clock.now())
        return Response(show_order(order))
