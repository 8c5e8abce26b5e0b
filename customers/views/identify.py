"""Whose it is, who is one with whom, and what happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.codes import limit_trying
from customers.identity import Claim, identify, merge, unmerge
from customers.models import Customer
from customers.normalise import identifier
from customers.queries import primary_record
from customers.timeline import NewInteraction, UnknownRecord, record_interactions
from customers.views.reach import UnknownCustomer, caller_id, channel_of, may_know, number_of, told_customer
from customers.views.shapes import (
    CustomerOut,
    IdentifiedOut,
    IdentifyIn,
    InteractionsIn,
    MergeIn,
    TakenOut,
    UnmergedOut,
    UnmergeIn,
    show_customer,
    show_customers,
)
from omni.core import clock
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import BadRequest, DomainError, Unprocessable


class BadTime(Unprocessable):
    code = "bad_time"
    message = _("This time lies in the future or before the year 2000.")


class WhoIsMissing(BadRequest):
    code = "required"
    message = _("Name the customer or the source record.")


class IdentifyView(ApiView):
    """Tell of a person; get to know which customer that is."""

    access = {"POST": Access(key=True, staff="customers.add_customer")}
    idempotent = {"POST"}

    @extend_schema(request=IdentifyIn, responses={200: IdentifiedOut, 201: IdentifiedOut})
    def post(self, request: Request) -> Response:
        told = self.read(IdentifyIn)
        limit_codes(request, told["identifiers"])
        found = identify(
            channel=channel_of(request),
            claims=claims_of(told["identifiers"]),
            name=told["name"],
            birth_date=told["birth_date"],
            external_id=told["external_id"],
            told={key: told[key] for key in ("language", "address", "preferences") if key in told},
            now=clock.now(),
            by=self.caller.name,
        )
        return Response(
            {
                "customer": str(found.customer.pk),
                "source_record": str(found.source_record.pk),
                "matched_by": found.matched_by,
                "created": found.created,
            },
            status=201 if found.created else 200,
        )


class InteractionsView(ApiView):
    """Tell what happened, up to 500 at once; an id told before changes nothing."""

    access = {"POST": Access(key=True)}

    @extend_schema(request=InteractionsIn, responses=TakenOut)
    def post(self, request: Request) -> Response:
        body = {"interactions": request.data} if isinstance(request.data, list) else request.data
        told = self.read(InteractionsIn, body)["interactions"]
        now = clock.now()
        items = [self._item(index, item, now) for index, item in enumerate(told)]
        taken = record_interactions(items=items, now=now)
        return Response({"taken": taken, "repeated": len(items) - taken})

    def _item(self, index: int, item: dict[str, Any], now: datetime) -> NewInteraction:
        at = f"interactions[{index}]"
        channel = channel_of(self.request)
        # A device's clock may be a little ahead of ours.
        if not datetime(2000, 1, 1, tzinfo=UTC) <= item["happened_at"] <= now + timedelta(days=1):
            raise BadTime(param=f"{at}.happened_at")
        if "source_record" in item:
            record = number_of(item["source_record"])
            whose = Customer.objects.filter(memberships=record).first()
            if whose is not None and not may_know(self.caller, whose):
                raise UnknownRecord(param=f"{at}.source_record")
        elif "customer" in item:
            customer = told_customer(item["customer"], f"{at}.customer")
            if not may_know(self.caller, customer):
                raise UnknownCustomer(param=f"{at}.customer")
            record = primary_record(customer, channel).pk
        else:
            raise WhoIsMissing(param=f"{at}.customer")
        return NewInteraction(
            event_id=item["id"],
            channel=channel,
            source_record=record,
            kind=item["kind"],
            happened_at=item["happened_at"],
            about_kind=item["about_kind"],
            about=item["about"],
            data=item["data"],
        )


class MergeView(ApiView):
    """Two customers are one person."""

    access = {"POST": Access(staff="customers.merge_customer")}
    idempotent = {"POST"}

    @extend_schema(request=MergeIn, responses=CustomerOut)
    def post(self, request: Request) -> Response:
        told = self.read(MergeIn)
        survivor = merge(
            keep=told_customer(told["keep"], "keep"),
            absorb=told_customer(told["absorb"], "absorb"),
            reason=told["reason"],
            by=self.caller.name,
            now=clock.now(),
        )
        return Response(show_customer(survivor))


class UnmergeView(ApiView):
    """These source records are somebody else."""

    access = {"POST": Access(staff="customers.merge_customer")}
    idempotent = {"POST"}

    @extend_schema(request=UnmergeIn, responses=UnmergedOut)
    def post(self, request: Request) -> Response:
        told = self.read(UnmergeIn)
        customers = unmerge(
            customer=told_customer(told["customer"], "customer"),
            source_records=[number_of(record) for record in told["source_records"]],
            reason=told["reason"],
            by=self.caller.name,
            now=clock.now(),
        )
        return Response({"customers": show_customers(customers)})


def limit_codes(request: Request, told: list[dict[str, Any]]) -> None:
    """Count the codes that are tried, by whose they are however that is written. Raises TooMany."""
    for index, claim in enumerate(told):
        if not claim.get("code"):
            continue
        try:
            own = identifier(claim["kind"], claim["value"])
        except DomainError as refusal:
            refusal.param = f"identifiers[{index}].value"
            raise
        limit_trying(value=own.value, caller=caller_id(request))


def claims_of(told: list[dict[str, Any]]) -> list[Claim]:
    return [Claim(claim["kind"], claim["value"], claim["verified"], claim.get("code")) for claim in told]
