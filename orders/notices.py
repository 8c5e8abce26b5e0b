"""E-mails about an order, in the customer's language. The live pick-up code is told, or one is made as the mail
is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from customers.queries import customer_of
from omni.core.errors import DomainError
from omni.core.money import show
from orders.handoffs import qr_svg
from orders.models import Fulfilment, Order, Return
from orders.pickup import tell_code

Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person, made at the moment of sending and kept nowhere."""

    to: str
    subject: str
    text: str
    html: str
    id: str


def compose(*, kind: str, order_number: str, data: Mapping[str, Any], now: datetime, language: str) -> Mail | None:
    """The mail for an outbox message of this kind, or None where there is nobody to tell or nothing any more.

    Writes only for `order.ready`, and only where no code is live. Raises nothing that a repeat would mend.
    """
    notice = _NOTICES.get(kind)
    order = Order.objects.select_related("channel").filter(number=order_number).first()
    if notice is None or order is None or order.history:
        return None
    to = _address(order)
    if not to:
        return None
    with translation.override(language):
        made = notice.context(order, data, now, language)
        if made is None:
            return None
        context = _order_context(order, language) | made
        return Mail(
            to=to,
            subject=notice.subject(order),
            text=render_to_string(f"notices/{notice.template}.txt", context),
            html=render_to_string(f"notices/{notice.template}.html", context),
            id=f"{kind}/{order.number}/{data.get('fulfilment') or data.get('return') or ''}".rstrip("/"),
        )


def _address(order: Order) -> str:
    """Where the customer reads mail: as told with the order, else as known of them."""
    if order.contact.get("email"):
        return str(order.contact["email"])
    return customer_of(order.source_record_id).email if order.source_record_id is not None else ""


def _order_context(order: Order, language: str) -> Context:
    def money(amount: int) -> str:
        return show(amount, order.currency, language)

    return {
        "language": language,
        "number": order.number,
        "name": order.contact.get("name", ""),
        "total": money(order.total),
        "lines": [
            {"name": line.called or line.sku, "quantity": line.quantity - line.cancelled, "total": money(line.total)}
            for line in order.lines.select_related("variant__product").order_by("position")
            if line.quantity > line.cancelled
        ],
        "charges": [money(charge["amount"]) for charge in order.charges],
    }


def _placed(order: Order, data: Mapping[str, Any], now: datetime, language: str) -> Context | None:
    # What a channel or till has sold itself was confirmed there.
    if data.get("recorded") or order.status == Order.Status.COMPLETED:
        return None
    row = order.fulfilments.select_related("pickup").order_by("pk").first()
    return {
        "awaiting": order.status == Order.Status.AWAITING_PAYMENT,
        "place": row.pickup if row is not None else None,
        "held_until": _when(order.held_until, settings.TIME_ZONE) if order.held_until else "",
    }


def _ready(order: Order, data: Mapping[str, Any], now: datetime, language: str) -> Context | None:
    row = Fulfilment.objects.select_related("pickup").filter(pk=data.get("fulfilment") or 0, order=order).first()
    if row is None or row.status != Fulfilment.Status.READY or row.pickup is None:
        return None
    try:
        code, signed_qr, expires_at = tell_code(fulfilment_id=row.pk, now=now)
    except DomainError:
        return None
    return {
        "place": row.pickup,
        "code": f"{code[:4]} {code[4:]}",
        "qr": qr_svg(signed_qr),
        "until": _when(expires_at, row.pickup.time_zone),
    }


def _expired(order: Order, data: Mapping[str, Any], now: datetime, language: str) -> Context | None:
    return {}


def _refunded(order: Order, data: Mapping[str, Any], now: datetime, language: str) -> Context | None:
    of = Return.objects.filter(number=data.get("return", ""), order=order).first()
    refunds = order.refunds.filter(of_return=of) if of is not None else order.refunds.filter(of_return=None)
    rows = list(refunds.order_by("pk"))
    if not rows:
        return None
    return {
        "refunds": [(row.get_tender_display(), show(row.amount, order.currency, language)) for row in rows],
        "refunded": show(sum(row.amount for row in rows), order.currency, language),
    }


def _when(moment: datetime, zone: str) -> str:
    return date_format(moment.astimezone(ZoneInfo(zone)), "SHORT_DATETIME_FORMAT")


@dataclass(frozen=True, slots=True)
class _Notice:
    template: str
    subject: Callable[[Order], str]
    context: Callable[[Order, Mapping[str, Any], datetime, str], Context | None]


_NOTICES = {
    "order.placed": _Notice("placed", lambda order: _("Your order %(number)s") % {"number": order.number}, _placed),
    "order.ready": _Notice(
        "ready", lambda order: _("Order %(number)s is ready to be collected") % {"number": order.number}, _ready
    ),
    "order.expired": _Notice(
        "expired", lambda order: _("Order %(number)s was not collected") % {"number": order.number}, _expired
    ),
    "order.refunded": _Notice(
        "refunded", lambda order: _("Refund for order %(number)s") % {"number": order.number}, _refunded
    ),
}
