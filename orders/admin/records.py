"""What is read and looked up: carts, quotes, returns, payments, events and lines."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from omni.core.admin import ReadMostlyAdmin
from orders import models
from orders.words import EVENTS, event_words


@admin.register(models.Cart)
class CartAdmin(ReadMostlyAdmin):
    list_display = ["id", "status", "channel", "last_channel", "source_record", "created_at", "updated_at"]
    list_filter = ["status", "channel", "last_channel"]
    list_select_related = ["channel", "last_channel", "source_record"]
    search_fields = ["=id"]


@admin.register(models.Quote)
class QuoteAdmin(ReadMostlyAdmin):
    money = ("total",)
    list_display = ["id", "channel", "customer", "total", "currency", "created_at", "valid_until"]
    list_filter = ["channel"]
    list_select_related = ["channel", "customer"]
    search_fields = ["=id"]


@admin.register(models.Return)
class ReturnAdmin(ReadMostlyAdmin):
    money = ("total",)
    list_display = ["number", "order", "location", "refund_to", "total", "currency", "returned_at", "history"]
    list_filter = ["location", "refund_to", "history"]
    list_select_related = ["order", "location"]
    search_fields = ["=number", "=order__number", "=external_id"]
    ordering = ["-id"]


@admin.register(models.Payment)
class PaymentAdmin(ReadMostlyAdmin):
    money = ("amount", "refunded", "tendered", "change")
    currency_at = ("order.currency",)
    list_display = ["id", "order", "tender", "status", "amount", "refunded", "created_at", "captured_at"]
    list_filter = ["tender", "status"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "=reference"]


@admin.register(models.Refund)
class RefundAdmin(ReadMostlyAdmin):
    money = ("amount",)
    currency_at = ("order.currency",)
    list_display = ["id", "order", "of_return", "tender", "amount", "reason", "made_by", "made_at"]
    list_filter = ["tender"]
    list_select_related = ["order", "of_return"]
    search_fields = ["=order__number", "=of_return__number"]


@admin.register(models.PickupCode)
class PickupCodeAdmin(ReadMostlyAdmin):
    list_display = ["id", "fulfilment", "location", "wrong_tries", "created_at", "expires_at", "locked_at", "ended_at"]
    list_filter = ["location", ("locked_at", admin.EmptyFieldListFilter), ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["fulfilment", "location"]
    search_fields = ["=fulfilment__order__number"]
    exclude = ["fingerprint"]


@admin.register(models.Handoff)
class HandoffAdmin(ReadMostlyAdmin):
    list_display = ["id", "cart", "created_at", "expires_at", "used_at", "used_by"]
    list_select_related = ["cart", "used_by"]
    exclude = ["fingerprint"]


class HappeningFilter(admin.SimpleListFilter):
    """Events by what happened. The kinds are known: reading them from all events would take seconds."""

    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(EVENTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.OrderEvent]) -> QuerySet[models.OrderEvent]:
        kind = self.value()
        return queryset.filter(kind__in=[kind, f"fulfilment.{kind}"]) if kind else queryset


@admin.register(models.OrderEvent)
class OrderEventAdmin(ReadMostlyAdmin):
    currency_at = ("order.currency",)
    list_display = ["happened_at", "order", "what", "by"]
    list_filter = [HappeningFilter]
    list_select_related = ["order"]
    search_fields = ["=order__number"]
    readonly_fields = ["what"]
    exclude = ["kind"]
    ordering = ["-id"]

    @admin.display(description=_("what"), ordering="kind")
    def what(self, row: models.OrderEvent) -> str:
        return event_words(row.kind)


@admin.register(models.HistoryAdjustment)
class HistoryAdjustmentAdmin(ReadMostlyAdmin):
    money = ("amount",)
    list_display = ["channel", "external_id", "kind", "sku", "quantity", "amount", "currency", "happened_at"]
    list_filter = ["kind", "channel"]
    list_select_related = ["channel"]
    search_fields = ["=external_id", "=sku"]


@admin.register(models.OrderLine)
class OrderLineAdmin(ReadMostlyAdmin):
    money = ("unit_price", "list_total", "discount_total", "tax", "total")
    currency_at = ("order.currency",)
    list_display = ["id", "order", "position", "sku", "quantity", "total", "cancelled", "fulfilled", "returned"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "=sku"]


@admin.register(models.CartLine, models.FulfilmentLine, models.ReturnLine)
class PartAdmin(ReadMostlyAdmin):
    """Lines that are read with what they belong to; here for whoever looks one up."""

    list_display = ["id", "__str__"]
