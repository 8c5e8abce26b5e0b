"""Points over the API: what a member has and why, redemptions, adjustments."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Customer, Identifier
from customers.normalise import card as clean_card
from customers.queries import customer_of, primary_record, records_of, resolve
from customers.views.reach import may_know
from loyalty import rewards
from loyalty.api import serializers as shapes
from loyalty.balances import balance_of, lots_of, statement
from loyalty.programmes import current
from loyalty.tiers import Standing, standing
from omni.core import clock
from omni.core.api.callers import Caller
from omni.core.api.paging import decode_cursor, encode_cursor, limit_of
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import BadRequest, NotFound


class LoyaltyView(ApiView):
    """What a member has: points by state, lots by their end, tier and the way to the next."""

    access = {"GET": Access(key=True, customer=True, staff="loyalty.view_account")}

    @extend_schema(responses=shapes.LoyaltyOut)
    def get(self, request: Request, customer: str) -> Response:
        return Response(show_member(member_of(self.caller, customer), clock.now()))


class ByCardView(ApiView):
    """The same, found by the number of a loyalty card."""

    access = {"GET": Access(key=True, staff="loyalty.view_account")}

    @extend_schema(responses=shapes.LoyaltyOut)
    def get(self, request: Request, card: str) -> Response:
        held = Identifier.objects.filter(kind=Identifier.Kind.CARD, value=clean_card(card), valid_until=None)
        # Who has proven to hold it goes before who only told its number.
        first = held.order_by("verified_at", "pk").first()
        member = customer_of(first.source_record_id) if first is not None else None
        if member is None or not may_know(self.caller, member):
            raise NotFound
        return Response(show_member(member, clock.now()))


class EntriesView(ApiView):
    """Why a member has what they have, newest first."""

    access = {"GET": Access(key=True, customer=True, staff="loyalty.view_account")}

    @extend_schema(
        responses=shapes.EntriesOut,
        parameters=[OpenApiParameter("cursor", str), OpenApiParameter("limit", int)],
    )
    def get(self, request: Request, customer: str) -> Response:
        member = member_of(self.caller, customer)
        limit = limit_of(request)
        lines = statement(records_of(member.pk), before=_cursor(request), limit=limit + 1)
        page = lines[:limit]
        results = [
            {
                "id": str(line.id),
                "at": line.made_at,
                "reason": line.reason,
                "words": line.words,
                "order": line.order or None,
                "points": line.points,
                "pending": line.pending,
                "held": line.held,
                "before": line.before,
                "after": line.after,
            }
            for line in page
        ]
        return Response({"results": results, "next": encode_cursor([page[-1].id]) if len(lines) > limit else None})


class RedemptionsView(ApiView):
    """Redeem points for a reward, or a plain number of them."""

    access = {"POST": Access(key=True, customer=True, staff="loyalty.add_entry")}
    idempotent = {"POST"}

    @extend_schema(request=shapes.RedemptionIn, responses={201: shapes.RedemptionOut})
    def post(self, request: Request, customer: str) -> Response:
        asked = self.read(shapes.RedemptionIn)
        member = member_of(self.caller, customer)
        if bool(asked["reward"]) == (asked["points"] is not None):
            raise BadRequest(param="points")
        records, now = records_of(member.pk), clock.now()
        redeemed = rewards.redeem(
            source_records=records,
            request=_request_name(request, self.caller),
            by=self.caller.name,
            now=now,
            points=asked["points"],
            reward=asked["reward"],
            order=asked["order"],
        )
        return Response(
            {
                "points": redeemed.points,
                "reward": redeemed.reward or None,
                "order": redeemed.order or None,
                "available": balance_of(records, now=now).available,
            },
            status=201,
        )


class AdjustmentsView(ApiView):
    """Points that a colleague gives or takes with a reason; above the limit they wait for a second person."""

    access = {"POST": Access(staff="loyalty.add_adjustment")}
    idempotent = {"POST"}

    @extend_schema(request=shapes.AdjustmentIn, responses={201: shapes.AdjustmentOut})
    def post(self, request: Request, customer: str) -> Response:
        asked = self.read(shapes.AdjustmentIn)
        member, now = member_of(self.caller, customer), clock.now()
        adjustment = rewards.adjust(
            source_record=primary_record(member).pk,
            points=asked["points"],
            reason=asked["reason"],
            by=self.caller.name,
            now=now,
        )
        return Response(
            {
                "id": str(adjustment.pk),
                "points": adjustment.points,
                "state": adjustment.state,
                "available": balance_of(records_of(member.pk), now=now).available,
            },
            status=201,
        )


def member_of(caller: Caller, customer: str) -> Customer:
    """The customer of an address, as they are now; a customer may know of themselves alone. Raises NotFound."""
    member = resolve(int(customer)) if customer.isdecimal() and len(customer) < 19 else None
    if member is None:
        raise NotFound
    if not may_know(caller, member):
        raise NotFound
    return member


def show_member(member: Customer, now: datetime) -> dict[str, Any]:
    records = records_of(member.pk)
    balance = balance_of(records, now=now)
    programme = current(now)
    return {
        "customer": str(member.pk),
        "available": balance.available,
        "pending": balance.pending,
        "held": balance.held,
        "tier": _show_tier(standing(member.pk, now=now)),
        "lots": [{"points": lot.points, "expires_at": lot.expires_at} for lot in lots_of(records, now=now)],
        "programme": {
            "code": programme.code,
            "name": str(programme),
            "currency": programme.currency,
            "point_value": programme.point_value,
        }
        if programme
        else None,
    }


def _show_tier(stands: Standing) -> dict[str, Any] | None:
    if stands.tier is None and stands.next is None:
        return None
    return {
        "code": stands.tier.code if stands.tier else None,
        "name": str(stands.tier) if stands.tier else None,
        "since": stands.since,
        "until": stands.until,
        "next": stands.next.code if stands.next else None,
        "to_go": stands.to_go,
    }


def _cursor(request: Request) -> int | None:
    told = request.query_params.get("cursor")
    if not told:
        return None
    [last] = decode_cursor(told, 1)
    if not isinstance(last, int):
        raise BadRequest(param="cursor")
    return last


def _request_name(request: Request, caller: Caller) -> str:
    return f"{caller.id}/{request.headers['Idempotency-Key'].strip()}"[:200]
