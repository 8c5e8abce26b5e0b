"""The first door for an order: it promises, and may refuse."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from catalog import coupons, stock
from catalog.models import Variant
from customers.models import Customer, SourceRecord
from customers.queries import customer_of, primary_record, records_of
from loyalty import spending
from omni.core.db import execute, lock, write
from omni.core.errors import Conflict, DomainError, NotFound
from omni.core.models import Channel, Location
from orders.agreeing import NewOrder, agreed_price
from orders.completing import hand_out_carried
from orders.events import happened
from orders.facts import refresh_facts
from orders.locking import lock_customer
from orders.models import Cart, Method, Order, OrderLine, Payment, Quote, Tender
from orders.numbers import next_order_number
from orders.paying import CustomerNeeded, NewPayment, check_payments, is_covered, take_payments
from orders.quotes import known_customer
from orders.routing import Need
from orders.sourcing import plan_sources, read_way, wants_of, write_fulfilments


class CartClosed(Conflict):
    code = "cart_closed"
    message = _("This cart has been ordered or merged already.")


def place_order(*, channel: Channel, wish: NewOrder, location: Location | None = None, by: str, now: datetime) -> Order:
    """Place an order, or return the first one with this channel's external id. See place_or_find."""
    return place_or_find(channel=channel, wish=wish, location=location, by=by, now=now)[0]


def place_or_find(
    *, channel: Channel, wish: NewOrder, location: Location | None = None, by: str, now: datetime
) -> tuple[Order, bool]:
    """Promise goods for money: (the order, whether it is new). `location` is a till's own.

    Raises QuoteExpired and PriceChanged (each with a new quote), CartClosed, PaymentMismatch, and what pricing,
    coupons, loyalty and stock raise; nothing is taken then. Locks, in this order: the external id, the customer's
    facts, the cart, coupons and budgets, ledger accounts, and stock last.
    """
    with write():
        outcome = _place(channel, wish, location, by, now)
    # Raised out here, so that the new quote which it carries is committed.
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def _place(
    channel: Channel, wish: NewOrder, till: Location | None, by: str, now: datetime
) -> tuple[Order, bool] | DomainError:
    first = first_with(channel, wish.external_id)
    if first is not None:
        return first, False
    cart = _find_cart(wish)
    record = _record_of(channel, wish, cart)
    customer_id = lock_customer(record.pk if record else None)
    if cart is not None:
        cart = _lock_cart(cart)
    told = _told_way(wish, cart, customer_id)
    in_store = till is not None or channel.kind in {Channel.Kind.STORE, Channel.Kind.KIOSK}
    way = read_way(told, till=till, in_store=in_store)
    quote = agreed_price(channel, wish, cart, customer_id, told | {"method": way.method}, now)
    if isinstance(quote, DomainError):
        return quote
    check_payments(wish.payments, owed=quote.total - quote.result["points_value"])
    if quote.result["points"] and record is None:
        raise CustomerNeeded(param="points_to_spend")
    goods = _goods(quote)
    needs = _needs(quote, goods)
    plan = plan_sources(way, needs)
    order = _write_order(channel, wish, cart, record, quote, till or _sold_at(way.location, way.method), now)
    lines = _write_lines(order, quote, needs, goods)
    write_fulfilments(order, way, plan, lines, now=now)
    _use_promotions(order, quote, record, now)
    payments = _pay(order, quote, wish.payments, by=by, now=now)
    covered = is_covered(order, payments, order.total)
    _begin(order, covered, plan_reasons=[(p.location, p.reason) for p in plan.parcels], by=by, now=now)
    if cart is not None:
        cart.status, cart.updated_at = Cart.Status.ORDERED, now
        cart.save(update_fields=["status", "updated_at"])
    if customer_id is not None:
        refresh_facts([customer_id])
    wants = wants_of(plan, needs)
    if way.method == Method.CARRY_OUT and covered:
        hand_out_carried(order, by=by, now=now, wants=wants)
    else:
        stock.reserve(order=order.number, wants=wants, now=now)
    return order, True


def first_with(channel: Channel, external_id: str | None) -> Order | None:
    """The order that this external id has made; a second one with the same id waits here for the first."""
    if not external_id:
        return None
    name = hashlib.sha256(f"order\n{channel.pk}\n{external_id}".encode()).digest()[:8]
    execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(name, "big", signed=True)])
    return Order.objects.filter(channel=channel, external_id=external_id).select_related("channel", "location").first()


def _find_cart(wish: NewOrder) -> Cart | None:
    if wish.cart is None:
        return None
    cart = Cart.objects.filter(pk=wish.cart).first()
    if cart is None:
        raise NotFound(param="cart")
    return cart.survivor()


def _lock_cart(cart: Cart) -> Cart:
    locked = lock(Cart.objects.filter(pk=cart.pk))[0]
    if locked.status != Cart.Status.OPEN or locked.source_record_id != cart.source_record_id:
        number = Order.objects.filter(cart=locked).values_list("number", flat=True).first()
        raise CartClosed(details={"order": number} if number else {})
    return locked


def _told_way(wish: NewOrder, cart: Cart | None, customer_id: int | None) -> dict[str, Any]:
    """How the goods are wanted: as told now, as the cart knows, and to the address that the customer has given us."""
    told = {**(cart.fulfilment if cart else {}), **wish.fulfilment}
    if not told.get("address") and customer_id is not None:
        told["address"] = Customer.objects.values_list("address", flat=True).get(pk=customer_id)
    return told


def _record_of(channel: Channel, wish: NewOrder, cart: Cart | None) -> SourceRecord | None:
    customer = known_customer(wish.customer)
    if customer is not None:
        return primary_record(customer, channel)
    if cart is not None and cart.source_record_id is not None:
        return cart.source_record
    return None


def _goods(quote: Quote) -> dict[str, Variant]:
    skus = [line["sku"] for line in quote.result["lines"]]
    return {row.sku: row for row in Variant.objects.filter(sku__in=skus).select_related("product")}


def _needs(quote: Quote, goods: Mapping[str, Variant]) -> list[Need]:
    return [
        Need(line=position, variant=goods[line["sku"]].pk, sku=line["sku"], quantity=line["quantity"])
        for position, line in enumerate(quote.result["lines"], start=1)
    ]


def _sold_at(location: Location | None, method: str) -> Location | None:
    return location if method == Method.CARRY_OUT else None


def _write_order(
    channel: Channel,
    wish: NewOrder,
    cart: Cart | None,
    record: SourceRecord | None,
    quote: Quote,
    sold_at: Location | None,
    now: datetime,
) -> Order:
    result = quote.result
    return Order.objects.create(
        number=next_order_number(channel),
        channel=channel,
        external_id=wish.external_id or None,
        location=sold_at,
        source_record=record,
        quote=quote,
        cart=cart,
        status=Order.Status.AWAITING_PAYMENT,
        currency=quote.currency,
        list_total=result["list_total"],
        discount_total=result["discount_total"],
        charges_total=result["charges_total"],
        tax_total=result["tax_total"],
        tax_included=result["tax_included"],
        total=quote.total,
        contact=_contact(wish, cart, record),
        charges=result["charges"],
        order_adjustments=result["order_adjustments"],
        coupons=_codes_used(quote),
        points_spent=result["points"],
        points_earned=result["points_earned"] if record else 0,
        note=wish.note[:500],
        sold_by=wish.sold_by[:100],
        placed_at=now,
    )


def _contact(wish: NewOrder, cart: Cart | None, record: SourceRecord | None) -> dict[str, Any]:
    """As far as told, else as far as known of the customer: nobody enters again what we know."""
    told = {**(cart.contact if cart else {}), **{key: value for key, value in wish.contact.items() if value}}
    if record is not None:
        customer = customer_of(record.pk)
        known = {"name": customer.name, "phone": customer.phone, "email": customer.email}
        told = {**{key: value for key, value in known.items() if value}, **told}
    return told


def _write_lines(
    order: Order, quote: Quote, needs: Sequence[Need], goods: Mapping[str, Variant]
) -> dict[int, OrderLine]:
    rows = [
        OrderLine(
            order=order,
            position=need.line,
            variant_id=need.variant,
            sku=line["sku"],
            name=str(goods[need.sku].product)[:300],
            quantity=line["quantity"],
            unit_price=line["unit_price"],
            list_total=line["list_total"],
            discount_total=line["discount_total"],
            tax=line["tax"],
            tax_rate=line["tax_rate"],
            total=line["total"],
            adjustments=line["adjustments"],
        )
        for need, line in zip(needs, quote.result["lines"], strict=True)
    ]
    OrderLine.objects.bulk_create(rows)
    return {row.position: row for row in rows}


def _adjustments(quote: Quote) -> list[Mapping[str, Any]]:
    result = quote.result
    return [a for line in result["lines"] for a in line["adjustments"]] + list(result["order_adjustments"])


def _codes_used(quote: Quote) -> list[str]:
    return sorted({str(a["code"]) for a in _adjustments(quote) if a["code"] and a["amount"]})


def _use_promotions(order: Order, quote: Quote, record: SourceRecord | None, now: datetime) -> None:
    """Coupons are counted and budgets spent in the order's own transaction."""
    if order.coupons:
        coupons.use_coupons(
            codes=order.coupons,
            order=order.number,
            source_record=record.pk if record else None,
            source_records=records_of(customer_of(record.pk).pk) if record else (),
            now=now,
        )
    given: dict[str, int] = {}
    for adjustment in _adjustments(quote):
        given[adjustment["promotion"]] = given.get(adjustment["promotion"], 0) - adjustment["amount"]
    if any(given.values()):
        coupons.spend_budget(promotion_amounts={code: amount for code, amount in given.items() if amount}, now=now)


def _pay(order: Order, quote: Quote, payments: Sequence[NewPayment], *, by: str, now: datetime) -> list[Payment]:
    """Points are held, cards and credit spent, and everything is written down as payments."""
    rows: list[Payment] = []
    points, worth = quote.result["points"], quote.result["points_value"]
    if points and worth:
        assert order.source_record_id is not None
        records = records_of(customer_of(order.source_record_id).pk)
        spending.hold(source_records=records, order=order.number, points=points, by=by, now=now)
        rows.append(
            Payment.objects.create(
                order=order,
                tender=Tender.POINTS,
                status=Payment.Status.CAPTURED,
                amount=worth,
                paid_from=f"points:{points}",
                created_at=now,
                captured_at=now,
            )
        )
    return rows + take_payments(order, payments, by=by, now=now)


def _begin(order: Order, covered: bool, *, plan_reasons: Sequence[tuple[int, str]], by: str, now: datetime) -> None:
    """The order's first status and event: placed, or waiting for money while its stock is held for some minutes."""
    if covered:
        order.status = Order.Status.PLACED
    else:
        order.held_until = now + timedelta(minutes=settings.UNPAID_HOLD_MINUTES)
    order.save(update_fields=["status", "held_until"])
    happened(
        order,
        "placed" if covered else "awaiting_payment",
        by=by,
        now=now,
        data={"total": order.total, "sources": [{"location": at, "reason": why} for at, why in plan_reasons]},
        tell="order.placed",
        payload={"status": order.status},
    )
