"""Work that waits in the desk: fulfilments of the colleague's stores, and exceptions to settle."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from orders import models
from orders.admin.order import caller_of
from orders.desk_steps import NoteForm
from orders.queries import visible_fulfilments
from orders.settling import settle_exceptions
from orders.words import exception_words


@admin.register(models.Fulfilment)
class FulfilmentAdmin(ReadMostlyAdmin):
    list_display = ["id", "order_link", "method", "status", "source", "pickup", "created_at", "expires_at"]
    list_filter = ["status", "method", "source", "pickup"]
    list_select_related = ["order", "source", "pickup"]
    search_fields = ["=order__number", "=tracking"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Fulfilment]:
        """The queue of the colleague's stores."""
        return visible_fulfilments(caller_of(request)).order_by("-pk")

    @admin.display(description=_("order"))
    def order_link(self, row: models.Fulfilment) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:orders_order_change", args=[row.order_id]), row.order.number
        )


@admin.register(models.OrderException)
class OrderExceptionAdmin(ReadMostlyAdmin):
    currency_at = ("order.currency", "of_return.currency")
    list_display = ["what", "order", "of_return", "details", "raised_at", "settled_at", "settled_by", "note"]
    list_filter = ["code", ("settled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["order", "of_return", "settled_by"]
    search_fields = ["=order__number", "=of_return__number"]
    ordering = ["-id"]
    readonly_fields = ["what"]
    exclude = ["code"]
    actions = ["settle"]

    @admin.display(description=_("what"), ordering="code")
    def what(self, row: models.OrderException) -> str:
        return exception_words(row.code)

    @admin.action(description=_("Mark as settled"), permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[models.OrderException]) -> HttpResponse | None:
        """Ask what was done about them, then settle all that were chosen."""
        form = NoteForm(request.POST if "note" in request.POST else None)
        if not form.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": _("Mark as settled"),
                "form": form,
                "chosen": [
                    {"pk": row.pk, "words": exception_words(row.code), "order": row.order, "of_return": row.of_return}
                    for row in queryset.select_related("order", "of_return")
                ],
                "action": "settle",
            }
            return TemplateResponse(request, "orders/settle.html", context)
        count = settle_exceptions(
            exceptions=list(queryset.values_list("pk", flat=True)),
            note=form.cleaned_data["note"],
            user=request.user,
            by=caller_of(request).name,
            now=clock.now(),
        )
        told = ngettext("%(count)s exception settled.", "%(count)s exceptions settled.", count) % {"count": count}
        self.message_user(request, told, messages.SUCCESS)
        return None

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("orders.change_orderexception")
