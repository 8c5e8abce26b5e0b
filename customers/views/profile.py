"""One customer: profile, timeline, consents, export and erasure."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.consent import may_contact, record_consent
from customers.identity import Claim, add_record
from customers.models import Consent, Customer
from customers.privacy import erase, export, log_access
from customers.queries import MOST_FOUND, records_of, search
from customers.timeline import timeline_page
from customers.views.identify import claims_of, limit_codes
from customers.views.reach import channel_of, number_of, reach_customer
from customers.views.shapes import (
    AllowedOut,
    ConsentIn,
    ConsentOut,
    ConsentsOut,
    CustomerOut,
    CustomersOut,
    ErasedOut,
    ProfileIn,
    TimelineOut,
    show_consent,
    show_customer,
    show_customers,
)
from omni.core import clock
from omni.core.api.paging import decode_cursor, encode_cursor, limit_of, page_of
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import BadRequest, NotFound

READ = Access(key=True, customer=True, staff="customers.view_customer")
CHANGE = Access(key=True, customer=True, staff="customers.change_customer")


def _query(name: str, required: bool = False) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, required=required)


class CustomersView(ApiView):
    """Find customers by name, phone, e-mail or card."""

    access = {"GET": Access(key="customers.search", staff="customers.view_customer")}

    @extend_schema(
        operation_id="customers_search",
        responses=CustomersOut,
        parameters=[_query("search"), _query("cursor"), _query("limit")],
    )
    def get(self, request: Request) -> Response:
        text = request.query_params.get("search", "").strip()
        rows = search(text, MOST_FOUND) if text else Customer.objects.filter(merged_into=None, erased_at=None)
        return Response(page_of(request, rows, show_customers))


class CustomerView(ApiView):
    """One customer; a number that was merged away shows the survivor."""

    access = {"GET": READ, "PATCH": CHANGE}

    @extend_schema(responses=CustomerOut)
    def get(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        _log(self, customer, "profile")
        return Response(show_customer(customer, _merged_from(customer, customer_id)))

    @extend_schema(request=ProfileIn, responses=CustomerOut)
    def patch(self, request: Request, customer_id: str) -> Response:
        told = self.read(ProfileIn)
        limit_codes(request, told.get("identifiers", []))
        customer = reach_customer(self.caller, customer_id)
        if customer.erased_at is not None:
            raise NotFound
        claims = [Claim(kind, told[kind]) for kind in ("phone", "email") if kind in told]
        add_record(
            customer=customer,
            channel=channel_of(request),
            claims=[*claims, *claims_of(told.get("identifiers", []))],
            name=told.get("name", ""),
            birth_date=told.get("birth_date"),
            told={key: told[key] for key in ("language", "address", "preferences") if key in told},
            now=clock.now(),
            by=self.caller.name,
            by_channel=not self.caller.is_customer,
        )
        customer.refresh_from_db()
        return Response(show_customer(customer, _merged_from(customer, customer_id)))


class TimelineView(ApiView):
    """What happened between us and a customer, newest first."""

    access = {"GET": READ}

    @extend_schema(
        responses=TimelineOut, parameters=[_query("channel"), _query("kind"), _query("cursor"), _query("limit")]
    )
    def get(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        cursor = request.query_params.get("cursor")
        page = timeline_page(
            customer.pk,
            after=decode_cursor(cursor, 2) if cursor else None,
            limit=limit_of(request),
            channel=request.query_params.get("channel"),
            kind=request.query_params.get("kind"),
        )
        _log(self, customer, "timeline")
        return Response(
            {
                "results": [
                    {
                        "happened_at": item.happened_at,
                        "kind": item.kind,
                        "channel": item.channel,
                        "about_kind": item.about_kind,
                        "about": item.about,
                        "data": dict(item.data) if item.data is not None else None,
                    }
                    for item in page.items
                ],
                "next": encode_cursor(page.after) if page.after else None,
            }
        )


class ConsentsView(ApiView):
    """What a customer allowed and withdrew, with the proof of each."""

    access = {"GET": READ, "POST": CHANGE}

    @extend_schema(responses=ConsentsOut, parameters=[_query("cursor"), _query("limit")])
    def get(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        rows = Consent.objects.filter(source_record__in=records_of(customer.pk))
        return Response(page_of(request, rows, lambda page: [show_consent(row) for row in page]))

    @extend_schema(request=ConsentIn, responses={201: ConsentOut})
    def post(self, request: Request, customer_id: str) -> Response:
        told = self.read(ConsentIn)
        consent = record_consent(
            customer=reach_customer(self.caller, customer_id),
            purpose=told["purpose"],
            channel_kind=told["channel"],
            granted=told["granted"],
            proof=told["proof"],
            channel=channel_of(request),
            now=clock.now(),
        )
        return Response(show_consent(consent), status=201)


class ConsentCheckView(ApiView):
    """Whether a customer may be contacted for a purpose on a kind of channel."""

    access = {"GET": READ}

    @extend_schema(responses=AllowedOut, parameters=[_query("purpose", True), _query("channel", True)])
    def get(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        asked: dict[str, str] = {}
        for name in ("purpose", "channel"):
            asked[name] = request.query_params.get(name, "")
            if not asked[name]:
                raise BadRequest(_("Name the purpose and the kind of channel."), code="required", param=name)
        answer = may_contact(
            customer_id=customer.pk, purpose=asked["purpose"], channel_kind=asked["channel"], now=clock.now()
        )
        return Response({"allowed": answer.allowed, "reason": answer.reason})


class ExportView(ApiView):
    """Everything that we hold of a customer."""

    access = {"GET": Access(customer=True, staff="customers.erase_customer")}

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        _log(self, customer, "export")
        return Response(export(customer_id=customer.pk))


class EraseView(ApiView):
    """Forget a customer, as they may ask."""

    access = {"POST": Access(customer=True, staff="customers.erase_customer")}
    idempotent = {"POST"}

    @extend_schema(request=None, responses=ErasedOut)
    def post(self, request: Request, customer_id: str) -> Response:
        customer = reach_customer(self.caller, customer_id)
        erased = erase(customer_id=customer.pk, by=self.caller.name, now=clock.now())
        return Response({"id": str(erased.pk), "erased_at": erased.erased_at})


def _merged_from(customer: Customer, told: str) -> int | None:
    number = number_of(told)
    return number if number != customer.pk else None


def _log(view: ApiView, customer: Customer, what: str) -> None:
    """Who saw whom; what people see of themselves is not logged."""
    caller: Any = view.caller
    if not caller.is_customer:
        log_access(customer=customer, caller=caller.name, user=caller.user, what=what, now=clock.now())
