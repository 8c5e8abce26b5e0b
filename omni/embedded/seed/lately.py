"""What happened in the last hours, through the shop's own use cases, so that the desk has something to do."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from catalog.models import StockLevel
from customers.models import Customer
from omni.core.models import Channel, Location
from orders.agreeing import NewOrder
from orders.fulfilling import accept, pick, ready
from orders.models import Order
from orders.paying import NewPayment
from orders.placing import place_order
from orders.quotes import make_quote
from orders.returning import ReturnWish, return_goods

# channel, method, store, tender ("" leaves it unpaid), how far it has come
WAITING = [
    ("web", "bopis", "hcm-q1", "card", "new"), ("app", "bopis", "hcm-q1", "wallet", "new"),
    ("app", "bopis", "hcm-q1", "wallet", "accepted"), ("web", "bopis", "hcm-q1", "card", "picked"),
    ("web", "bopis", "hcm-q1", "card", "ready"),
    ("app", "bopis", "hcm-td", "wallet", "new"), ("web", "bopis", "hcm-td", "card", "ready"),
    ("web", "bopis", "hn-hk", "card", "new"), ("app", "bopis", "hn-hk", "wallet", "accepted"),
    ("web", "bopis", "dn-hc", "card", "new"), ("app", "curbside", "hcm-td", "wallet", "new"),
    ("web", "delivery", "", "card", "new"), ("social", "delivery", "", "cod", "new"),
    ("app", "delivery", "", "wallet", "accepted"), ("web", "delivery", "", "card", "new"),
    ("till", "carry_out", "hcm-q1", "cash", ""), ("till", "carry_out", "hcm-q1", "card", ""),
    ("till", "carry_out", "hn-hk", "cash", ""), ("till", "carry_out", "dn-hc", "cash", ""),
    ("call", "bopis", "hcm-q1", "transfer", "new"),
]  # fmt: skip


def make_lately(*, random: Random, now: datetime) -> None:
    """Twenty orders of the last hours in every state of their walk, and a return at another store."""
    channels = {channel.code: channel for channel in Channel.objects.all()}
    stores = {location.code: location for location in Location.objects.all()}
    people = random.sample(list(Customer.objects.exclude(email="").order_by("pk")[:400]), len(WAITING))
    placed = []
    for place, ((code, method, store, tender, state), customer) in enumerate(zip(WAITING, people, strict=True)):
        # The last one is not paid yet: its stock is held for some minutes more.
        at = now - timedelta(minutes=12 * (len(WAITING) - place - 1), seconds=30)
        order = _place(channels[code], customer, method, stores.get(store), tender, random, at)
        _walk_on(order, state, at)
        placed.append(order)
    sold = next(order for order in placed if order.status == Order.Status.COMPLETED)
    return_goods(
        order_id=sold.pk,
        location=stores["hn-hk"],
        lines=[ReturnWish(sku=sold.lines.all()[0].sku, quantity=1, reason="Size", condition="sellable")],
        refund_to="original",
        by="staff:minh",
        now=now,
    )


def _place(
    channel: Channel, customer: Customer, method: str, store: Location | None, tender: str, random: Random, at: datetime
) -> Order:
    stocked = StockLevel.objects.filter(on_hand__gt=3).select_related("variant").order_by("pk")
    if store is not None:
        stocked = stocked.filter(location=store)
    lines = [(level.variant.sku, 1) for level in random.sample(list(stocked[:300]), random.choice([1, 2, 2]))]
    fulfilment: dict[str, Any] = {"method": method, "location": store.code if store else None}
    if method == "delivery":
        fulfilment["address"] = customer.address | {"line": "12 Lê Lợi"}
    quote = make_quote(channel=channel, customer_id=customer.pk, lines=lines, fulfilment=fulfilment, now=at)
    return place_order(
        channel=channel,
        location=store if channel.code == "till" else None,
        wish=NewOrder(
            customer=customer.pk,
            lines=lines,
            quote=quote.pk,
            fulfilment=fulfilment,
            payments=[NewPayment(tender=tender, amount=quote.total)],
        ),
        by=f"key:{channel.code}",
        now=at,
    )


def _walk_on(order: Order, state: str, at: datetime) -> None:
    """Take its fulfilment as far as `state`, a few minutes a step."""
    fulfilment = order.fulfilments.get()
    steps = ["accepted", "picked", "ready"]
    walked = steps[: steps.index(state) + 1] if state in steps else []
    if "accepted" in walked:
        accept(fulfilment_id=fulfilment.pk, by="staff:lan", now=at + timedelta(minutes=2))
    if "picked" in walked:
        pick(fulfilment_id=fulfilment.pk, lines=None, by="staff:lan", now=at + timedelta(minutes=5))
    if "ready" in walked:
        ready(fulfilment_id=fulfilment.pk, by="staff:lan", now=at + timedelta(minutes=8))
