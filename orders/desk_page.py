"""What an order's page in the desk tells, in words: its sums, who it is for, what happened."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from omni.core.showing import NOTHING, money, record, table, word
from orders.models import Method, Order, OrderEvent, Return, Tender
from orders.paying import order_balance
from orders.words import event_words

# Numbers of our own tables, and what only the books need.
_OURS = frozenset({"fulfilment", "from", "to", "basis", "returned_before", "payment"})
_CODES = {"tender": dict(Tender.choices), "method": dict(Method.choices)}
_REASONS = {
    "chosen": _("chosen by the customer"),
    "customer": _("the customer wished so"),
    "damaged": _("damaged"),
    "mismatch": _("not what the system says"),
    "not_in_stock": _("not in stock"),
    "not_paid": _("not paid in time"),
    "return": _("goods came back"),
}


def reason_words(reason: str) -> str:
    """A reason that the shop gave itself in words; one that somebody typed as it was typed."""
    return str(_REASONS.get(reason, reason)) or NOTHING


def customer_link(order: Order) -> SafeString | str:
    row = order.source_record
    if row is None or not hasattr(row, "membership"):
        return NOTHING
    customer = row.membership.customer
    address = reverse("admin:customers_customer_change", args=[customer.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', address, customer)


def sums(order: Order) -> SafeString:
    """From the list price to what is still to pay, without lines of nothing."""
    balance = order_balance(order)
    gone = order.total - balance.due
    rows = [
        (gettext("Before discounts"), order.list_total, True),
        (gettext("Discounts"), -order.discount_total, False),
        (gettext("Delivery and fees"), order.charges_total, False),
        (gettext("Tax, included") if order.tax_included else gettext("Tax"), order.tax_total, False),
        (gettext("Total"), order.total, True),
        (gettext("Cancelled or come back"), -gone, False),
        (gettext("Paid and kept"), balance.paid, True),
        (gettext("Promised, not come yet"), balance.promised, False),
        (gettext("Still to pay"), balance.to_pay, True),
    ]
    told = [(name, money(amount, order.currency)) for name, amount, always in rows if always or amount]
    return format_html('<div class="sums">{}</div>', table(["", _("amount")], told))


def reductions(order: Order) -> SafeString | str:
    """Coupons, charges and what order-wide promotions took off, each by its name."""
    told: dict[str, Any] = {
        "coupons": order.coupons,
        "charges": order.charges,
        "order_adjustments": order.order_adjustments,
    }
    return record({name: value for name, value in told.items() if value}, order.currency)


def event_told(event: OrderEvent, currency: str) -> SafeString | str:
    """What an event carries besides its name, without our own numbers."""
    return record(_said(event.data), currency)


def happenings(order: Order) -> SafeString:
    """Everything that happened to the order, the latest last."""
    rows = [
        (event.happened_at, event_words(event.kind), event_told(event, order.currency), event.by)
        for event in order.events.order_by("pk")
    ]
    return table([_("when"), _("what"), _("in detail"), _("by")], rows)


def _said(data: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for key, value in data.items():
        if key in _OURS and isinstance(value, int):
            continue
        if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            told[key] = [_said(item) for item in value]
        elif key == "reason" and isinstance(value, str):
            told[key] = reason_words(value)
        elif isinstance(value, str):
            told[key] = str(_CODES.get(key, {}).get(value, value))
        else:
            told[key] = value
    return told


def tender_words(tender: str) -> str:
    return str(_CODES["tender"].get(tender) or word(tender))


def returned_words(row: Return) -> str:
    """2 × AO-THUN-M, 1 × VAY (damaged)."""
    return ", ".join(
        f"{line.quantity} × {line.sku}" + (f" ({line.get_condition_display()})" if line.condition != "sellable" else "")
        for line in row.lines.order_by("position")
    )
