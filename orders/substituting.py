"""Something else than was ordered, as good and never dearer, because what was ordered is not there."""

from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from catalog import stock
from catalog.models import Variant
from catalog.pricing import Item
from catalog.quoting import BadQuantity, load_items
from omni.core.db import write
from omni.core.errors import Unprocessable
from omni.core.money import share_of
from orders.cancelling import Stopped, UnknownLine, take_off
from orders.fulfilling import NotAllowedNow
from orders.locking import lock_fulfilment
from orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from orders.pickup import NotPaid
from orders.worth_of_orders import units_worth

F = Fulfilment.Status
_WORDS = {"vi": "Thay thế không đắt hơn hàng đã đặt", "en": "A substitute is never dearer than what was ordered"}


class NotSubstitutable(Unprocessable):
    code = "not_substitutable"
    message = _("This cannot stand in for what was ordered.")


def substitute(*, fulfilment_id: int, sku: str, with_sku: str, quantity: int, by: str, now: datetime) -> Order:
    """Send `quantity` of another SKU instead: for its own price where that is lower, else for what was agreed.

    The difference goes back. Raises UnknownLine, NotSubstitutable, NotAllowedNow, what pricing raises, and
    OutOfStock, where nothing changes. Locks customer, order, fulfilment, ledger, and stock last.
    """
    with write():
        order, row = lock_fulfilment(fulfilment_id)
        if row.status not in {F.NEW, F.ACCEPTED, F.PICKED}:
            raise NotAllowedNow(details={"status": row.status})
        if order.status == Order.Status.AWAITING_PAYMENT:
            raise NotPaid
        part = row.lines.select_related("order_line").filter(order_line__sku=sku).first()
        if part is None:
            raise UnknownLine(param="sku")
        if quantity > part.quantity:
            raise BadQuantity(param="quantity", details={"ordered": part.quantity})
        item = load_items(lines=[(with_sku, quantity)], currency=order.currency, now=now)[0]
        if with_sku == sku or not order.tax_included or not item.tax_included:
            raise NotSubstitutable(param="with")
        worth = units_worth(order, part.order_line, quantity)
        line = _add_line(order, item, min(worth, item.quantity * item.unit_price))
        FulfilmentLine.objects.create(fulfilment=row, order_line=line, quantity=quantity, picked=0)
        take_off(
            order,
            [Stopped(row, part, quantity)],
            end=F.CANCELLED,
            reason=f"{sku} -> {with_sku}",
            kind="substituted",
            by=by,
            now=now,
        )
        assert line.variant_id is not None
        want = stock.Want(line.variant_id, line.sku, row.source_id, quantity, line.position)
        stock.reserve(order=order.number, wants=[want], now=now)
        return order


def _add_line(order: Order, item: Item, charged: int) -> OrderLine:
    """The substitute as a line of its own, and the order's sums with it."""
    variant = Variant.objects.select_related("product").get(sku=item.sku)
    listed = item.quantity * item.unit_price
    off = listed - charged
    tax = share_of(charged, item.tax_rate, 10_000 + item.tax_rate)
    adjustments = [{"promotion": "substitution", "code": None, "amount": -off, "explanation": _WORDS}] if off else []
    last = order.lines.aggregate(last=Max("position"))["last"] or 0
    line = OrderLine.objects.create(
        order=order,
        position=last + 1,
        variant=variant,
        sku=item.sku,
        name=str(variant.product)[:300],
        quantity=item.quantity,
        unit_price=item.unit_price,
        list_total=listed,
        discount_total=off,
        tax=tax,
        tax_rate=item.tax_rate,
        total=charged,
        adjustments=adjustments,
    )
    order.list_total += listed
    order.discount_total += off
    order.tax_total += tax
    order.total += charged
    order.save(update_fields=["list_total", "discount_total", "tax_total", "total"])
    return line
