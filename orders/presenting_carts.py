"""What the API answers about a cart: all of it, with its quote and what is still missing to place it."""

from datetime import datetime
from typing import Any

from customers.models import Customer
from customers.queries import customer_of
from omni.core.errors import DomainError
from omni.core.models import Channel
from orders.models import Cart, Method
from orders.next_steps import PICKUP
from orders.quotes import make_quote, show_quote

_PLACES = PICKUP | {Method.CARRY_OUT}


def show_cart(cart: Cart, *, channel: Channel | None, language: str, now: datetime) -> dict[str, Any]:
    """The whole cart. Its quote is made anew: what it shows is what would be paid now.

    A cart that cannot be priced (goods without a price) says so in `problem` and has no quote.
    """
    customer = customer_of(cart.source_record_id) if cart.source_record_id else None
    lines = list(cart.lines.select_related("variant__product").order_by("pk"))
    quote: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    if lines and cart.status == Cart.Status.OPEN:
        try:
            made = make_quote(
                channel=channel or cart.last_channel,
                customer_id=customer.pk if customer else None,
                lines=[(line.variant.sku, line.quantity) for line in lines],
                coupons=cart.coupons,
                fulfilment=cart.fulfilment,
                now=now,
            )
            quote = show_quote(made, language)
        except DomainError as refusal:
            problem = {"code": refusal.code, "message": str(refusal.message), "details": refusal.details}
    return {
        "id": str(cart.pk),
        "status": cart.status,
        "channel": cart.channel.code,
        "last_channel": cart.last_channel.code,
        "customer": str(customer.pk) if customer else None,
        "contact": _contact(cart, customer),
        "fulfilment": _fulfilment(cart, customer),
        "coupons": cart.coupons,
        "lines": [
            {"sku": line.variant.sku, "name": str(line.variant.product), "quantity": line.quantity} for line in lines
        ],
        "quote": quote,
        "problem": problem,
        "missing": missing_fields(cart, customer, has_lines=bool(lines)),
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }


def missing_fields(cart: Cart, customer: Customer | None, *, has_lines: bool) -> list[str]:
    """The fields still needed to place the order; never one that was told on any channel or is known of them."""
    contact, way = _contact(cart, customer), _fulfilment(cart, customer)
    missing = [] if has_lines else ["lines"]
    missing += [f"contact.{key}" for key in ("name", "phone") if not contact.get(key) and not _reachable(contact, key)]
    method = way.get("method")
    if not method:
        missing.append("fulfilment.method")
    elif method in _PLACES and not way.get("location"):
        missing.append("fulfilment.location")
    elif method not in _PLACES and not way.get("address"):
        missing.append("fulfilment.address")
    return missing


def _reachable(contact: dict[str, Any], key: str) -> bool:
    # An e-mail reaches somebody as well as a telephone does.
    return key == "phone" and bool(contact.get("email"))


def _contact(cart: Cart, customer: Customer | None) -> dict[str, Any]:
    known = {"name": customer.name, "phone": customer.phone, "email": customer.email} if customer else {}
    return {**{key: value for key, value in known.items() if value}, **cart.contact}


def _fulfilment(cart: Cart, customer: Customer | None) -> dict[str, Any]:
    way = dict(cart.fulfilment)
    sent = way.get("method") in {Method.DELIVERY, Method.SHIP_FROM_STORE}
    if sent and customer is not None and customer.address and not way.get("address"):
        way["address"] = customer.address
    return way
