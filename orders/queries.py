"""Which orders, fulfilments and carts a caller may know of, and how they are found."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Membership
from omni.core.api.callers import Caller
from omni.core.errors import NotFound
from omni.core.models import Channel
from orders.models import Cart, Fulfilment, Order, Payment, Quote


def records_of_caller(caller: Caller) -> list[int]:
    """All source records of the customer whose token this is, however they were joined since."""
    if caller.source_record is None:
        return []
    customer = Membership.objects.filter(source_record_id=caller.source_record).values("customer_id")
    return list(Membership.objects.filter(customer_id__in=customer).values_list("source_record_id", flat=True))


def at_places(places: Sequence[int]) -> Q:
    """Sold at, sent from or collected at one of these locations."""
    handled = Fulfilment.objects.filter(order=OuterRef("pk")).filter(Q(source__in=places) | Q(pickup__in=places))
    return Q(location__in=places) | Q(Exists(handled))


def visible_orders(caller: Caller) -> QuerySet[Order]:
    """The orders a caller's lists hold: a customer's own, a till's place's, a channel's, a colleague's stores'.

    The call centre helps with every order.
    """
    orders = Order.objects.all()
    if caller.is_customer:
        return orders.filter(source_record__in=records_of_caller(caller))
    if caller.is_staff:
        return orders if caller.places is None else orders.filter(at_places(sorted(caller.places)))
    if caller.channel is not None and caller.channel.kind == Channel.Kind.CALL_CENTER:
        return orders
    if caller.location is not None:
        return orders.filter(at_places([caller.location.pk]))
    return orders.filter(channel=caller.channel)


def find_order(caller: Caller, number: str) -> Order:
    """An order by its number, or NotFound. A till may look up any: goods come back anywhere."""
    orders = Order.objects.all() if _looks_up_any(caller) else visible_orders(caller)
    order = orders.filter(number=number).select_related("channel", "location").first()
    if order is None:
        raise NotFound
    return order


def find_payment(caller: Caller, payment_id: int) -> Payment:
    """A payment of an order that the caller may know of, or NotFound."""
    payment = Payment.objects.filter(pk=payment_id).select_related("order").first()
    if payment is None:
        raise NotFound
    find_order(caller, payment.order.number)
    return payment


def visible_fulfilments(caller: Caller) -> QuerySet[Fulfilment]:
    """What a place handles, for a till or a colleague; for others the fulfilments of the orders they see."""
    rows = Fulfilment.objects.all()
    places = _places(caller)
    if places is not None:
        return rows.filter(Q(source__in=places) | Q(pickup__in=places))
    if caller.is_staff:
        return rows
    return rows.filter(order__in=visible_orders(caller))


def find_fulfilment(caller: Caller, fulfilment_id: int) -> Fulfilment:
    """A fulfilment that the caller may know of, or NotFound."""
    row = Fulfilment.objects.filter(pk=fulfilment_id).select_related("order").first()
    if row is None:
        raise NotFound
    find_order(caller, row.order.number)
    return row


def find_quote(caller: Caller, quote_id: UUID) -> Quote:
    """A quote: honoured on every channel, so any key may read it; a customer reads their own or a guest's."""
    quotes = Quote.objects.all()
    if caller.is_customer:
        own = Membership.objects.filter(source_record_id=caller.source_record).values("customer_id")
        quotes = quotes.filter(Q(customer=None) | Q(customer__in=own))
    quote = quotes.filter(pk=quote_id).first()
    if quote is None:
        raise NotFound
    return quote


def find_cart(caller: Caller, cart_id: UUID) -> Cart:
    """A cart, or the one it was merged into: for the channels it was begun and last on, the call centre, its own
    customer; else NotFound."""
    carts = Cart.objects.all()
    if caller.is_customer:
        carts = carts.filter(Q(source_record__in=records_of_caller(caller)) | Q(source_record=None))
    elif caller.is_key and caller.channel is not None and caller.channel.kind != Channel.Kind.CALL_CENTER:
        carts = carts.filter(Q(channel=caller.channel) | Q(last_channel=caller.channel))
    known = Cart.objects.filter(pk=cart_id).first()
    cart = carts.filter(pk=known.survivor().pk).first() if known is not None else None
    if cart is None:
        raise NotFound
    return cart


def _looks_up_any(caller: Caller) -> bool:
    if caller.is_staff:
        return caller.places is None
    return (
        caller.is_key
        and caller.channel is not None
        and (caller.location is not None or caller.channel.kind == Channel.Kind.CALL_CENTER)
    )


def _places(caller: Caller) -> list[int] | None:
    if caller.is_staff:
        return None if caller.places is None else sorted(caller.places)
    return [caller.location.pk] if caller.location is not None else None
