"""A basket that may begin on one channel and end on another: its lines, coupons, customer and way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from catalog.models import Variant
from catalog.quoting import MOST_UNITS, BadQuantity, UnknownSku
from customers.models import Membership, SourceRecord
from customers.queries import primary_record
from omni.core.db import lock, write
from omni.core.errors import NotFound
from omni.core.models import Channel
from orders.locking import lock_customer
from orders.models import Cart, CartLine
from orders.placing import CartClosed
from orders.quotes import known_customer

# What changed for the reader when two carts became one: {"sku", "before", "added", "quantity"}.
Changes = list[dict[str, Any]]


def create_cart(
    *,
    channel: Channel,
    customer_id: int | None = None,
    source_record: SourceRecord | None = None,
    lines: Sequence[tuple[str, int]] = (),
    contact: Mapping[str, Any] | None = None,
    now: datetime,
) -> Cart:
    """A new cart, or the one that this customer has open already, with these lines added to it.

    Raises UnknownSku, BadQuantity and NotFound for an unknown customer. Locks the customer's facts, then the cart.
    """
    with write():
        customer = known_customer(customer_id)
        record = source_record or (primary_record(customer, channel) if customer else None)
        cart = _open_cart_of(record) if record is not None else None
        if cart is None:
            cart = Cart.objects.create(
                channel=channel,
                last_channel=channel,
                source_record=record,
                contact=dict(contact or {}),
                created_at=now,
                updated_at=now,
            )
        else:
            _touch(cart, channel, now)
        _add(cart, _variants(lines))
        return cart


def set_line(*, cart_id: UUID, sku: str, quantity: Any, channel: Channel | None, now: datetime) -> Cart:
    """Put exactly so many of a SKU into the cart; 0 takes it out. Raises UnknownSku, BadQuantity, CartClosed."""
    with write():
        cart = lock_open(cart_id)
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 <= quantity <= MOST_UNITS:
            raise BadQuantity(param="quantity")
        if quantity == 0:
            cart.lines.filter(variant__sku=sku).delete()
        else:
            variant = Variant.objects.filter(sku=sku, active=True).first()
            if variant is None:
                raise UnknownSku(param="sku", details={"sku": sku})
            CartLine.objects.update_or_create(cart=cart, variant=variant, defaults={"quantity": quantity})
        _touch(cart, channel, now)
        return cart


def add_coupon(*, cart_id: UUID, code: str, channel: Channel | None, now: datetime) -> Cart:
    """Try a coupon; the cart's quote says whether it gave something, and if not why."""
    with write():
        cart = lock_open(cart_id)
        wanted = code.strip().upper()
        if wanted and wanted not in cart.coupons:
            cart.coupons = [*cart.coupons, wanted]
        _touch(cart, channel, now)
        return cart


def remove_coupon(*, cart_id: UUID, code: str, channel: Channel | None, now: datetime) -> Cart:
    """Take a coupon out; one that is not there is no error."""
    with write():
        cart = lock_open(cart_id)
        cart.coupons = [known for known in cart.coupons if known != code.strip().upper()]
        _touch(cart, channel, now)
        return cart


def set_customer(*, cart_id: UUID, customer_id: int, channel: Channel, now: datetime) -> tuple[Cart, Changes]:
    """Say whose cart this is. A cart that they have open already joins it: quantities add up per SKU."""
    with write():
        customer = known_customer(customer_id)
        assert customer is not None
        return _give_to(cart_id, primary_record(customer, channel), channel, now)


def set_fulfilment(
    *,
    cart_id: UUID,
    fulfilment: Mapping[str, Any],
    contact: Mapping[str, Any] | None,
    channel: Channel | None,
    now: datetime,
) -> Cart:
    """Say how the goods are wanted, and who a guest is as far as they tell; what is told adds to what is known."""
    with write():
        cart = lock_open(cart_id)
        if fulfilment:
            cart.fulfilment = {key: value for key, value in fulfilment.items() if value}
        if contact:
            cart.contact = {**cart.contact, **{key: value for key, value in contact.items() if value}}
        _touch(cart, channel, now)
        return cart


def joined_at_sign_in(
    *, source_record: SourceRecord, channel: Channel, cart: UUID | str | None, now: datetime
) -> dict[str, Any] | None:
    """Somebody signed in: their guest cart (if any) and the cart they had open become one.

    Returns {"id", "changes"}; None where there is neither. A guest cart that is unknown, closed or somebody
    else's is left alone. Locks the customer's facts, then the carts, ascending.
    """
    with write():
        guest = _guest_cart(cart)
        if guest is None:
            own = _open_cart_of(source_record)
            return None if own is None else {"id": str(own.pk), "changes": []}
        kept, changes = _give_to(guest.pk, source_record, channel, now)
        return {"id": str(kept.pk), "changes": changes}


def merge_carts(*, into: Cart, absorbed: Cart, channel: Channel | None, now: datetime) -> Changes:
    """Add the lines, coupons and what was told of one locked open cart to another; the first is done with."""
    before = dict(into.lines.values_list("variant__sku", "quantity"))
    added = [(line.variant, line.quantity) for line in absorbed.lines.select_related("variant").order_by("pk")]
    absorbed.status, absorbed.merged_into, absorbed.updated_at = Cart.Status.MERGED, into, now
    absorbed.save(update_fields=["status", "merged_into", "updated_at"])
    _add(into, added)
    into.coupons = list(dict.fromkeys([*into.coupons, *absorbed.coupons]))
    into.contact = {**absorbed.contact, **into.contact}
    into.fulfilment = into.fulfilment or absorbed.fulfilment
    _touch(into, channel, now)
    return [
        {
            "sku": variant.sku,
            "before": before.get(variant.sku, 0),
            "added": quantity,
            "quantity": before.get(variant.sku, 0) + quantity,
        }
        for variant, quantity in added
    ]


def lock_open(cart_id: UUID) -> Cart:
    """Lock a cart that can still change, or the one that it was merged into. Raises NotFound and CartClosed."""
    rows = lock(Cart.objects.filter(pk=cart_id))
    if not rows:
        raise NotFound
    if rows[0].merged_into_id is not None:
        return lock_open(rows[0].merged_into_id)
    if rows[0].status != Cart.Status.OPEN:
        raise CartClosed
    return rows[0]


def open_carts_of(customer_id: int) -> list[Cart]:
    """Lock the open carts of all of a customer's records, oldest first."""
    records = Membership.objects.filter(customer_id=customer_id).values("source_record_id")
    carts = lock(Cart.objects.filter(source_record__in=records, status=Cart.Status.OPEN))
    return sorted(carts, key=lambda cart: cart.created_at)


def _open_cart_of(record: SourceRecord) -> Cart | None:
    customer_id = lock_customer(record.pk)
    return next(iter(open_carts_of(customer_id)), None) if customer_id is not None else None


def _guest_cart(cart_id: UUID | str | None) -> Cart | None:
    if not cart_id:
        return None
    try:
        key = cart_id if isinstance(cart_id, UUID) else UUID(str(cart_id))
    except ValueError:
        return None
    return Cart.objects.filter(pk=key, status=Cart.Status.OPEN, source_record=None).first()


def _give_to(cart_id: UUID, record: SourceRecord, channel: Channel, now: datetime) -> tuple[Cart, Changes]:
    customer_id = lock_customer(record.pk)
    own = open_carts_of(customer_id) if customer_id is not None else []
    cart = lock_open(cart_id)
    others = [other for other in own if other.pk != cart.pk]
    if not others:
        if cart.source_record_id is None or all(cart.pk != other.pk for other in own):
            cart.source_record = record
        cart.save(update_fields=["source_record"])
        _touch(cart, channel, now)
        return cart, []
    kept = others[0]
    changes = merge_carts(into=kept, absorbed=cart, channel=channel, now=now)
    return kept, changes


def _variants(lines: Sequence[tuple[str, int]]) -> list[tuple[Variant, int]]:
    known = {variant.sku: variant for variant in Variant.objects.filter(sku__in=[sku for sku, _ in lines], active=True)}
    found = []
    for index, (sku, quantity) in enumerate(lines):
        if isinstance(quantity, bool) or not isinstance(quantity, int) or not 0 < quantity <= MOST_UNITS:
            raise BadQuantity(param=f"lines[{index}].quantity")
        if sku not in known:
            raise UnknownSku(param=f"lines[{index}].sku", details={"sku": sku})
        found.append((known[sku], quantity))
    return found


def _add(cart: Cart, lines: Sequence[tuple[Variant, int]]) -> None:
    for variant, quantity in lines:
        if not CartLine.objects.filter(cart=cart, variant=variant).update(quantity=F("quantity") + quantity):
            CartLine.objects.create(cart=cart, variant=variant, quantity=quantity)


def _touch(cart: Cart, channel: Channel | None, now: datetime) -> None:
    if channel is not None:
        cart.last_channel = channel
    cart.updated_at = now
    cart.save()
