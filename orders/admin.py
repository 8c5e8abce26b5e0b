"""Orders in the desk: history is read, and an order's page shows the one next step."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from omni.core.api.callers import Caller, caller_of_user
from omni.core.errors import DomainError
from omni.core.models import Location
from omni.core.money import show
from orders import models
from orders.desk_steps import STEPS, Ask, form_of, steps_of, take_step
from orders.queries import visible_fulfilments, visible_orders

_MAIN = "bg-primary-600 text-white rounded-default px-4 py-3 mr-2 font-medium inline-block"
_OTHER = "border border-base-200 rounded-default px-4 py-3 mr-2 inline-block"


def _caller(request: HttpRequest) -> Caller:
    assert request.user.is_authenticated
    return caller_of_user(request.user)


class StoreFilter(admin.SimpleListFilter):
    """Orders of one store: where they were sold, else where their first fulfilment is handed out or sent from."""

    title = _("store")
    parameter_name = "store"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Location.objects.order_by("code").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[models.Order]) -> QuerySet[models.Order]:
        told = self.value()
        if not told or not told.isdigit():
            return queryset
        first = models.Fulfilment.objects.filter(order=OuterRef("pk")).order_by("pk")
        handled = Subquery(first.annotate(at=Coalesce("pickup_id", "source_id")).values("at")[:1])
        return queryset.annotate(store=Coalesce("location_id", handled)).filter(store=int(told))


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to an order, shown and never typed in."""

    extra = 0
    can_delete = False
    show_change_link = False
    related: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows


class LineInline(ReadOnlyInline):
    model = models.OrderLine
    fields = (
        *("position", "sku", "name", "quantity", "unit_price", "discount_total", "total"),
        *("cancelled", "fulfilled", "returned"),
    )


class FulfilmentInline(ReadOnlyInline):
    model = models.Fulfilment
    related = ("source", "pickup")
    fields = ["method", "status", "source", "pickup", "carrier", "tracking", "ready_at", "expires_at", "ended_at"]


class PaymentInline(ReadOnlyInline):
    model = models.Payment
    fields = ["tender", "status", "amount", "refunded", "reference", "tendered", "change", "captured_at"]


class RefundInline(ReadOnlyInline):
    model = models.Refund
    fields = ["tender", "amount", "reason", "made_by", "made_at"]


class ReturnInline(ReadOnlyInline):
    model = models.Return
    related = ("location",)
    fields = ["number", "location", "refund_to", "total", "points_taken_back", "points_given_back", "returned_at"]


class EventInline(ReadOnlyInline):
    model = models.OrderEvent
    fields = ["happened_at", "kind", "by", "data"]


class ExceptionInline(ReadOnlyInline):
    model = models.OrderException
    fields = ["code", "details", "raised_at", "settled_at"]


@admin.register(models.Order)
class OrderAdmin(ReadMostlyAdmin):
    list_display = ["number", "channel", "status", "money", "location", "placed_at", "completed_at"]
    list_filter = ["status", "channel", StoreFilter, "history"]
    list_select_related = ["channel", "location"]
    search_fields = ["=number", "=external_id"]
    search_help_text = _("Order number, ours or the channel's")
    ordering = ["-id"]
    inlines = [LineInline, FulfilmentInline, PaymentInline, RefundInline, ReturnInline, ExceptionInline, EventInline]
    readonly_fields = ["next_steps", "customer"]
    fieldsets = [
        (None, {"fields": ["next_steps", "number", "status", "channel", "location", "customer", "contact", "note"]}),
        (
            _("Money"),
            {
                "fields": [
                    *("currency", "list_total", "discount_total", "charges_total", "tax_total", "total"),
                    *("points_spent", "points_earned", "coupons", "charges", "order_adjustments"),
                ]
            },
        ),
        (_("Record"), {"fields": ["external_id", "placed_at", "completed_at", "held_until", "sold_by", "history"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Order]:
        """What the colleague's stores sold or handle; all of it for those who work everywhere."""
        return visible_orders(_caller(request)).order_by("-pk")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Order | None:
        order: models.Order | None = super().get_object(request, object_id, from_field)
        if order is not None:
            # The page shows what this colleague may do; a read-only field has no request of its own.
            order.__dict__["reader"] = _caller(request)
        return order

    @admin.display(description=_("total"), ordering="total")
    def money(self, order: models.Order) -> str:
        return show(order.total, order.currency, get_language() or "vi")

    @admin.display(description=_("customer"))
    def customer(self, order: models.Order) -> str:
        record = order.source_record
        if record is None or not hasattr(record, "membership"):
            return "–"
        customer = record.membership.customer
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:customers_customer_change", args=[customer.pk]), customer
        )

    @admin.display(description=_("next step"))
    def next_steps(self, order: models.Order) -> str:
        found = steps_of(order, order.__dict__["reader"])
        if not found:
            return "–"
        several = order.fulfilments.count() > 1
        return format_html_join(
            "",
            '<a class="{}" style="min-height:48px" href="{}">{}{}</a>',
            (
                (
                    _MAIN if index == 0 else _OTHER,
                    reverse("admin:orders_order_step", args=[order.pk, verb, row.pk if row else 0]),
                    STEPS[verb].label,
                    f" ({row.source})" if row is not None and several else "",
                )
                for index, (verb, row) in enumerate(found)
            ),
        )

    def get_urls(self) -> list[URLPattern]:
        step = path(
            "<int:order_id>/step/<slug:verb>/<int:row_id>/",
            self.admin_site.admin_view(self.step_view),
            name="orders_order_step",
        )
        return [step, *super().get_urls()]

    def step_view(self, request: HttpRequest, order_id: int, verb: str, row_id: int) -> HttpResponse:
        """Ask what a step needs, take it, and come back to the order."""
        caller = _caller(request)
        order = visible_orders(caller).filter(pk=order_id).select_related("channel", "location").first()
        if order is None or verb not in STEPS:
            raise Http404
        if not caller.has_right(STEPS[verb].permission):
            raise PermissionDenied
        row = order.fulfilments.select_related("source", "pickup").filter(pk=row_id).first() if row_id else None
        if row_id and row is None:
            raise Http404
        back = reverse("admin:orders_order_change", args=[order.pk])
        form = form_of(verb, order, request.POST if request.method == "POST" else None)
        problem = ""
        if request.method == "POST" and form.is_valid():
            try:
                take_step(verb, Ask(order, row, form.cleaned_data, caller, clock.now()))
            except DomainError as refusal:
                problem = str(refusal.message)
            else:
                self.message_user(request, _("Done: %(step)s.") % {"step": STEPS[verb].label}, messages.SUCCESS)
                return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "title": STEPS[verb].label,
            "order": order,
            "row": row,
            "form": form,
            "problem": problem,
            "back": back,
        }
        return TemplateResponse(request, "orders/step.html", context)


@admin.register(models.Fulfilment)
class FulfilmentAdmin(ReadMostlyAdmin):
    list_display = ["id", "order_link", "method", "status", "source", "pickup", "created_at", "expires_at"]
    list_filter = ["status", "method", "source", "pickup"]
    list_select_related = ["order", "source", "pickup"]
    search_fields = ["=order__number", "=tracking"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Fulfilment]:
        """The queue of the colleague's stores."""
        return visible_fulfilments(_caller(request)).order_by("-pk")

    @admin.display(description=_("order"))
    def order_link(self, row: models.Fulfilment) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[row.order_id]), row.order.number
        )


@admin.register(models.OrderException)
class OrderExceptionAdmin(ReadMostlyAdmin):
    list_display = ["id", "code", "order", "of_return", "details", "raised_at", "settled_at", "settled_by"]
    list_filter = ["code", ("settled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["order", "of_return", "settled_by"]
    search_fields = ["=order__number", "=of_return__number"]
    ordering = ["-id"]
    actions = ["settle"]

    @admin.action(description=_("Mark as settled"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[models.OrderException]) -> None:
        count = queryset.filter(settled_at=None).update(settled_at=clock.now(), settled_by=request.user)
        self.message_user(request, _("%(count)s settled.") % {"count": count}, messages.SUCCESS)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_orderexception")


@admin.register(models.Cart)
class CartAdmin(ReadMostlyAdmin):
    list_display = ["id", "status", "channel", "last_channel", "source_record", "created_at", "updated_at"]
    list_filter = ["status", "channel", "last_channel"]
    list_select_related = ["channel", "last_channel", "source_record"]
    search_fields = ["=id"]


@admin.register(models.Quote)
class QuoteAdmin(ReadMostlyAdmin):
    list_display = ["id", "channel", "customer", "total", "currency", "created_at", "valid_until"]
    list_filter = ["channel"]
    list_select_related = ["channel", "customer"]
    search_fields = ["=id"]


@admin.register(models.Return)
class ReturnAdmin(ReadMostlyAdmin):
    list_display = ["number", "order", "location", "refund_to", "total", "currency", "returned_at", "history"]
    list_filter = ["location", "refund_to", "history"]
    list_select_related = ["order", "location"]
    search_fields = ["=number", "=order__number", "=external_id"]
    ordering = ["-id"]


@admin.register(models.Payment)
class PaymentAdmin(ReadMostlyAdmin):
    list_display = ["id", "order", "tender", "status", "amount", "refunded", "created_at", "captured_at"]
    list_filter = ["tender", "status"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "=reference"]


@admin.register(models.Refund)
class RefundAdmin(ReadMostlyAdmin):
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


@admin.register(models.OrderEvent)
class OrderEventAdmin(ReadMostlyAdmin):
    list_display = ["id", "order", "kind", "by", "happened_at"]
    list_filter = ["kind"]
    list_select_related = ["order"]
    search_fields = ["=order__number"]


@admin.register(models.HistoryAdjustment)
class HistoryAdjustmentAdmin(ReadMostlyAdmin):
    list_display = ["channel", "external_id", "kind", "sku", "quantity", "amount", "currency", "happened_at"]
    list_filter = ["kind", "channel"]
    list_select_related = ["channel"]
    search_fields = ["=external_id", "=sku"]


@admin.register(models.OrderLine)
class OrderLineAdmin(ReadMostlyAdmin):
    list_display = ["id", "order", "position", "sku", "quantity", "total", "cancelled", "fulfilled", "returned"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "=sku"]


@admin.register(models.CartLine, models.FulfilmentLine, models.ReturnLine)
class PartAdmin(ReadMostlyAdmin):
    """Lines that are read with what they belong to; here for whoever looks one up."""

    list_display = ["id", "__str__"]
