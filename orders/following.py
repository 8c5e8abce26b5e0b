"""What this room does when customers are joined, taken apart, forgotten, or ask what we hold of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from customers.ports import TimelineItem
from omni.core.db import fetch_all
from omni.core.showing import money, table
from orders.carts import merge_carts, open_carts_of
from orders.facts import refresh_facts
from orders.models import (
    Cart,
    Fulfilment,
    HistoryAdjustment,
    Order,
    OrderEvent,
    Quote,
    Return,
)
from orders.presenting import show_orders
from orders.words import event_words

EXPORTED = 5_000


class OrdersFollower:
    """Orders, carts and returns hang on source records and never move; quotes are of a customer as such."""

    models: Sequence[type[Model]] = (Quote, Cart, Order, Return, HistoryAdjustment)

    def merged(self, *, survivor: int, absorbed: Sequence[int], now: datetime) -> None:
        """One person has one open cart: later ones join the oldest. What is known of them is summed anew."""
        carts = open_carts_of(survivor)
        for other in carts[1:]:
            merge_carts(into=carts[0], absorbed=other, channel=None, now=now)
        refresh_facts([survivor])

    def unmerged(self, *, customers: Sequence[int], now: datetime) -> None:
        refresh_facts(sorted(customers))

    def erased(self, *, customer: int, source_records: Sequence[int], now: datetime) -> None:
        """Who it was is forgotten, what was sold for how much stays, as the books must keep it."""
        orders = Order.objects.filter(source_record__in=source_records)
        Cart.objects.filter(source_record__in=source_records).update(contact={}, fulfilment={})
        Fulfilment.objects.filter(order__in=orders).update(address={}, collected_by="")
        orders.update(contact={}, note="")
        Quote.objects.filter(customer=customer).update(buyer={}, customer=None)
        # A colleague may have typed a name into a reason.
        before = fetch_all("SELECT current_setting('omni.erasing', true), set_config('omni.erasing', 'on', true)")[0][0]
        OrderEvent.objects.filter(order__in=orders, data__has_key="reason").update(data={})
        fetch_all("SELECT set_config('omni.erasing', %s, true)", [before or "off"])

    def exported(self, *, source_records: Sequence[int]) -> dict[str, Any]:
        orders = list(
            Order.objects.filter(source_record__in=source_records)
            .select_related("channel", "location")
            .order_by("pk")[:EXPORTED]
        )
        carts = Cart.objects.filter(source_record__in=source_records).order_by("created_at")[:EXPORTED]
        return {
            "orders": [_plain(shown) for shown in show_orders(orders)],
            "carts": [
                {
                    "id": str(cart.pk),
                    "status": cart.status,
                    "contact": cart.contact,
                    "fulfilment": cart.fulfilment,
                    "lines": [
                        {"sku": sku, "quantity": quantity}
                        for sku, quantity in cart.lines.values_list("variant__sku", "quantity")
                    ],
                    "updated_at": cart.updated_at.isoformat(),
                }
                for cart in carts
            ],
        }

    def timeline(self, *, source_records: Sequence[int], before: datetime | None, limit: int) -> Sequence[TimelineItem]:
        """What happened to the person's orders, newest first."""
        events = OrderEvent.objects.filter(order__source_record__in=source_records).select_related("order__channel")
        if before is not None:
            events = events.filter(happened_at__lt=before)
        items = [
            TimelineItem(
                happened_at=event.happened_at,
                kind=f"order.{event.kind}",
                channel=event.order.channel.code,
                about_kind="order",
                about=event.order.number,
                data=event.data,
                words=event_words(event.kind),
            )
            for event in events.order_by("-happened_at", "-pk")[:limit]
        ]
        taken_over = Order.objects.filter(source_record__in=source_records, history=True).select_related("channel")
        if before is not None:
            taken_over = taken_over.filter(placed_at__lt=before)
        items += [
            TimelineItem(
                happened_at=order.placed_at,
                kind="order.placed",
                channel=order.channel.code,
                about_kind="order",
                about=order.number,
                data={"total": order.total, "currency": order.currency},
                words=event_words("placed"),
            )
            for order in taken_over.order_by("-placed_at", "-pk")[:limit]
        ]
        return sorted(items, key=lambda item: item.happened_at, reverse=True)[:limit]

    def in_short(self, *, source_records: Sequence[int], now: datetime) -> Sequence[tuple[str, str]]:
        """The newest orders, each with where it stands."""
        newest = Order.objects.filter(source_record__in=source_records).select_related("channel").order_by("-pk")[:10]
        rows = [
            (
                format_html(
                    '<a class="text-link" href="{}">{}</a>',
                    reverse("admin:orders_order_change", args=[order.pk]),
                    order.number,
                ),
                order.get_status_display(),
                money(order.total, order.currency),
                order.channel,
                order.placed_at,
            )
            for order in newest
        ]
        heads = [_("number"), _("status"), _("total"), _("channel"), _("placed")]
        return [(_("orders"), table(heads, rows))]


def _plain(value: Any) -> Any:
    """Times as text, so that the export can be written as JSON."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime) else value
