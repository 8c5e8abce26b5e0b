"""What an order's page in the desk tells, in words: its sums, who it is for, what happened."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from omni.core.showing import NOTHING, money, record, table, word
from orders.models import Method, Order, OrderEvent, OrderLine, Return, Tender
from orders.paying import order_balance
from orders.words import event_words, exception_words

# Numbers of our own tables, and what only the books need.
_OURS = frozenset({"fulfilment", "from", "to", "basis", "returned_before", "payment"})
_CODES = {"tender": dict(Tender.choices), "method": dict(Method.choices)}
_REASONS = {
    "chosen": _("chosen by the customer"),
    "customer": _("the customer wished so"),
    "damaged": _("damaged"),
    "holds_everything": _("has everything"),
    "holds_most_of_the_rest": _("has most of the rest"),
    "mismatch": _("not what the system says"),
    "not_in_stock": _("not in stock"),
    "not_paid": _("not paid in time"),
    "return": _("goods came back"),
}


TABLES = (
    *("lines", "fulfilments", "returns", "sums", "reductions", "payments", "refunds"),
    *("exceptions", "happenings"),
)


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


def lines(order: Order) -> SafeString:
    """What was ordered for how much, and what has become of each line where it is not simply on its way."""
    rows = [
        (
            row.called,
            row.sku,
            row.quantity,
            money(row.unit_price, order.currency),
            money(-row.discount_total, order.currency) if row.discount_total else NOTHING,
            money(row.total, order.currency),
            _become(row),
        )
        for row in order.lines.select_related("variant__product").order_by("position")
    ]
    heads = [_("name"), _("SKU"), _("quantity"), _("unit price"), _("discounts"), _("total"), _("what became of it")]
    return table(heads, rows)


def _become(row: OrderLine) -> str:
    parts = [
        (row.fulfilled, gettext("%(count)s handed over")),
        (row.cancelled, gettext("%(count)s cancelled")),
        (row.returned, gettext("%(count)s came back")),
    ]
    return ", ".join(words % {"count": count} for count, words in parts if count) or NOTHING


def fulfilments(order: Order) -> SafeString:
    rows = [
        (
            row.get_method_display(),
            row.get_status_display(),
            row.source,
            row.pickup or record(row.address),
            " ".join(part for part in (row.carrier, row.tracking) if part),
            row.ready_at,
            row.expires_at,
            row.ended_at,
        )
        for row in order.fulfilments.select_related("source", "pickup").order_by("pk")
    ]
    heads = [_("method"), _("status"), _("sent from"), _("to"), _("tracking"), _("ready since"), _("waits until")]
    return table([*heads, _("ended")], rows)


def payments(order: Order) -> SafeString:
    rows = [
        (
            row.get_tender_display(),
            row.get_status_display(),
            money(row.amount, order.currency),
            money(row.refunded, order.currency) if row.refunded else NOTHING,
            row.reference,
            money(row.tendered, order.currency),
            money(row.change, order.currency),
            row.captured_at or row.created_at,
        )
        for row in order.payments.order_by("pk")
    ]
    heads = [_("tender"), _("status"), _("amount"), _("refunded"), _("reference"), _("cash given"), _("change")]
    return table([*heads, _("when")], rows)


def refunds(order: Order) -> SafeString:
    rows = [
        (
            tender_words(row.tender),
            money(row.amount, order.currency),
            reason_words(row.reason),
            row.made_by,
            row.made_at,
        )
        for row in order.refunds.order_by("pk")
    ]
    return table([_("tender"), _("amount"), _("reason"), _("by"), _("when")], rows)


def returns(order: Order) -> SafeString:
    rows = [
        (
            row.number,
            returned_words(row),
            row.location,
            money(row.total, row.currency),
            row.points_taken_back or NOTHING,
            row.points_given_back or NOTHING,
            row.taken_by,
            row.returned_at,
        )
        for row in order.returns.select_related("location").order_by("pk")
    ]
    heads = [_("number"), _("what"), _("location"), _("refunded in all"), _("points taken back")]
    return table([*heads, _("points given back"), _("taken by"), _("when")], rows)


def exceptions(order: Order) -> SafeString:
    rows = [
        (exception_words(row.code), record(row.details, order.currency), row.raised_at, row.settled_at, row.note)
        for row in order.exceptions.select_related("settled_by").order_by("pk")
    ]
    return table([_("what"), _("details"), _("raised"), _("settled"), _("what was done about it")], rows)


def reductions(order: Order) -> SafeString | str:
    """Coupons, charges and what order-wide promotions took off, each by its name."""
    told: dict[str, Any] = {
        "coupons": order.coupons,
        "charges": order.charges,
        "order_adjustments": order.order_adjustments,
    }
    told = {name: value for name, value in told.items() if value}
    return record(told, order.currency) if told else NOTHING


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
