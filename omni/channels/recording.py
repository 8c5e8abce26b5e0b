"""How an order of a channel enters by the second door: it has happened, so it is written down, never refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from catalog.models import Variant
from customers.identity import Claim, identify
from customers.normalise import BadEmail, BadPhone
from customers.normalise import email as normal_email
from customers.normalise import phone as normal_phone
from omni.channels.adapters.base import ChannelLine, ChannelOrder
from omni.core.db import write
from omni.core.models import Channel
from orders.models import Method, Order, Tender
from orders.recording import ToldLine, ToldOrder, ToldPayment, record_order


def record(*, channel: Channel, order: ChannelOrder, now: datetime) -> Order:
    """Write down one order of a channel, totals as told, for whom its contact says. A repeat changes nothing.

    Lines are ours by SKU, else by GTIN; one that is neither stays as told and is an exception for the desk.
    """
    with write():
        skus = _our_skus(order.lines)
        method = order.fulfilment.get("method")
        told = ToldOrder(
            external_id=order.external_id,
            lines=[_line(line, skus) for line in order.lines],
            total=order.total,
            currency=order.currency,
            charges=order.charges,
            payments=[_payment(order)] if order.total > 0 else [],
            customer=_customer(channel, order, now),
            contact=order.contact,
            method=method if method in Method.values else Method.DELIVERY,
            location=order.fulfilment.get("location"),
            address=order.fulfilment.get("address") or {},
            placed_at=order.placed_at,
        )
        return record_order(channel=channel, told=told, by=f"channel:{channel.code}", now=now)


def _our_skus(lines: Sequence[ChannelLine]) -> dict[str, str]:
    """What each line's SKU is to us, by SKU first and by GTIN where the SKU is unknown."""
    named = Q(sku__in=[line.sku for line in lines]) | Q(gtin__in=[line.gtin for line in lines if line.gtin])
    rows = Variant.objects.filter(named).values_list("sku", "gtin")
    own = {sku for sku, _ in rows}
    by_gtin = {gtin: sku for sku, gtin in rows if gtin}
    return {line.sku: line.sku if line.sku in own else by_gtin.get(line.gtin or "", line.sku) for line in lines}


def _line(line: ChannelLine, skus: dict[str, str]) -> ToldLine:
    return ToldLine(
        sku=skus[line.sku],
        quantity=line.quantity,
        unit_price=line.unit_price,
        name=line.name,
        discount=line.unit_price * line.quantity - line.total,
    )


def _payment(order: ChannelOrder) -> ToldPayment:
    tender = Tender.WALLET if order.paid else Tender.COD
    return ToldPayment(tender=tender, amount=order.total, reference=order.external_id, captured=order.paid)


def _customer(channel: Channel, order: ChannelOrder, now: datetime) -> int | None:
    """Who bought, by what they typed there. What is malformed is no claim, and the order goes on without it."""
    contact: dict[str, Any] = dict(order.contact)
    claims = [
        Claim(kind=kind, value=str(contact[kind]))
        for kind, good in (("phone", _good_phone), ("email", _good_email))
        if contact.get(kind) and good(str(contact[kind]))
    ]
    if not claims:
        return None
    return identify(channel=channel, claims=claims, name=str(contact.get("name", "")), now=now).customer.pk


def _good_phone(value: str) -> bool:
    try:
        normal_phone(value)
    except BadPhone:
        return False
    return True


def _good_email(value: str) -> bool:
    try:
        normal_email(value)
    except BadEmail:
        return False
    return True
