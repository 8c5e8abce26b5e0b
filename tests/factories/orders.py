"""A shop to sell in, and orders through its doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from _pytest._code import ExceptionInfo
from django.db import transaction
from rest_framework.test import APIClient

from catalog.models import StockLevel, Variant
from omni.core.errors import DomainError
from omni.core.models import Channel, Location
from orders.agreeing import NewOrder
from orders.models import Order
from orders.paying import NewPayment
from orders.placing import place_order
from orders.quotes import make_quote
from tests.factories.catalog import VariantFactory
from tests.factories.core import ChannelFactory, LocationFactory, bearer
from tests.factories.loyalty import ProgrammeFactory


@dataclass
class Shop:
    """Two stores and a warehouse, four channels, two SKUs: SHIRT at 100,000 ₫ and SOCKS at 33,333 ₫."""

    web: Channel
    app: Channel
    till: Channel
    call: Channel
    hanoi: Location
    saigon: Location
    depot: Location
    shirt: Variant
    socks: Variant

    def on_hand(self, variant: Variant, location: Location) -> tuple[int, int]:
        """(on hand, reserved)."""
        return StockLevel.objects.values_list("on_hand", "reserved").get(variant=variant, location=location)


def make_shop() -> Shop:
    ProgrammeFactory()
    hanoi = LocationFactory(code="hanoi", province="Hà Nội")
    saigon = LocationFactory(code="saigon", province="Hồ Chí Minh")
    depot = LocationFactory(code="depot", kind=Location.Kind.WAREHOUSE, can_pick_up=False, can_curbside=False)
    return Shop(
        web=ChannelFactory(code="web"),
        app=ChannelFactory(code="app", kind=Channel.Kind.APP),
        till=ChannelFactory(code="till", kind=Channel.Kind.STORE),
        call=ChannelFactory(code="call", kind=Channel.Kind.CALL_CENTER),
        hanoi=hanoi,
        saigon=saigon,
        depot=depot,
        shirt=VariantFactory(sku="SHIRT", price=100_000, stock={hanoi: 5, depot: 20}),
        socks=VariantFactory(sku="SOCKS", price=33_333, stock={hanoi: 9, saigon: 9}),
    )


def place(
    shop: Shop,
    lines: list[tuple[str, int]],
    *,
    now: datetime,
    method: str = "bopis",
    location: str | None = "hanoi",
    pay: str | None = "card",
    channel: Channel | None = None,
    till: Location | None = None,
    **fields: Any,
) -> Order:
    """An order as the web shop places it, paid in full by `pay` (None: not paid at all)."""
    fulfilment = {"method": method, "location": location, "address": fields.pop("address", None)}
    wish = NewOrder(lines=lines, fulfilment=fulfilment, **fields)
    if pay is not None:
        total = priced(shop, wish, now)
        wish = NewOrder(
            lines=lines, fulfilment=fulfilment, payments=[NewPayment(pay, total)] if total else [], **fields
        )
    return place_order(channel=channel or shop.web, wish=wish, location=till, by="test", now=now)


def priced(shop: Shop, wish: NewOrder, now: datetime) -> int:
    """What is left to pay in money for a wish."""
    quote = make_quote(
        channel=shop.web,
        customer_id=wish.customer,
        lines=list(wish.lines or []),
        coupons=list(wish.coupons or []),
        fulfilment=wish.fulfilment,
        points_to_spend=wish.points_to_spend,
        now=now,
    )
    return quote.total - int(quote.result["points_value"])


@contextmanager
def refused(code: str) -> Iterator[ExceptionInfo[DomainError]]:
    """What is done inside is refused with this code, and rolled back as the end of its request would."""
    with pytest.raises(DomainError) as caught, transaction.atomic():
        yield caught
    assert caught.value.code == code


class Api:
    """A caller with a key: `api.post("orders", {...})` sends a new Idempotency-Key each time unless told."""

    serial = 0

    def __init__(self, channel: Channel, location: Location | None = None) -> None:
        self.client = APIClient(headers=bearer(channel, location=location))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        Api.serial += 1
        headers = {"Idempotency-Key": key or f"key-{Api.serial}"}
        return self.client.post(f"/api/v1/{path}", body or {}, format="json", headers=headers)

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/api/v1/{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")
