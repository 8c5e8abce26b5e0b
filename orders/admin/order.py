"""Orders in the desk: history is read, and an order's page shows the one next step."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from omni.core.api.callers import Caller, caller_of_user
from omni.core.errors import DomainError
from omni.core.models import Location
from omni.core.showing import NOTHING, money
from orders import desk_page, models
from orders.desk_steps import STEPS, Ask, Preview, form_of, preview_return, steps_of, take_step
from orders.queries import visible_orders

_MAIN = "button main tall"
_OTHER = "button tall"


def caller_of(request: HttpRequest) -> Caller:
    """The colleague behind a page."""
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


def _told(tell: Callable[[models.Order], str], title: Any) -> Callable[..., str]:
    """A read-only field that tells a part of the order's page."""
    return admin.display(description=title)(lambda self, order: tell(order))


@admin.register(models.Order)
class OrderAdmin(ReadMostlyAdmin):
    money = ("list_total", "discount_total", "charges_total", "tax_total", "total")
    list_display = ["number", "channel", "status", "total", "location", "placed_at", "completed_at"]
    list_filter = ["status", "channel", StoreFilter, "history"]
    list_select_related = ["channel", "location"]
    search_fields = ["=number", "=external_id"]
    search_help_text = _("Order number, ours or the channel's")
    ordering = ["-id"]
    readonly_fields = ["next_steps", "customer", *desk_page.TABLES]
    fieldsets = [
        (None, {"fields": ["next_steps", "status", "channel", "location", "customer", "contact", "note"]}),
        (_("What was ordered"), {"fields": ["lines", "fulfilments", "returns"]}),
        (
            _("Money"),
            {"fields": ["sums", "reductions", "payments", "refunds", "points_spent", "points_earned"]},
        ),
        (_("What happened"), {"fields": ["exceptions", "happenings"]}),
        (
            _("Record"),
            {"fields": ["number", "external_id", "placed_at", "completed_at", "held_until", "sold_by", "history"]},
        ),
    ]
    # Shown only where there is something to tell.
    quiet = frozenset(
        {"location", "contact", "note", "reductions", "points_spent", "points_earned", "external_id", "completed_at"}
        | {"held_until", "sold_by", "history"}
    )

    def get_fieldsets(self, request: HttpRequest, obj: models.Order | None = None) -> list[Any]:
        found = super().get_fieldsets(request, obj)
        if obj is None:
            return found
        told = [
            (title, {**options, "fields": [name for name in options["fields"] if self._tells(obj, str(name))]})
            for title, options in found
        ]
        return [(title, options) for title, options in told if options["fields"]]

    def _tells(self, order: models.Order, name: str) -> bool:
        plain = name.removeprefix("shown_")
        if plain == "points_earned":
            # Until it is completed they are a promise, which a cancelled order no longer keeps.
            return bool(order.points_earned) and order.completed_at is not None
        if plain in desk_page.TABLES:
            return getattr(self, plain)(order) not in ("", NOTHING)
        return plain not in self.quiet or bool(getattr(order, plain))

    lines = _told(desk_page.lines, _("lines"))
    fulfilments = _told(desk_page.fulfilments, _("fulfilments"))
    returns = _told(desk_page.returns, _("returns"))
    sums = _told(desk_page.sums, _("sums"))
    reductions = _told(desk_page.reductions, _("reductions and charges"))
    payments = _told(desk_page.payments, _("payments"))
    refunds = _told(desk_page.refunds, _("refunds"))
    exceptions = _told(desk_page.exceptions, _("exceptions"))
    happenings = _told(desk_page.happenings, _("events"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Order]:
        """What the colleague's stores sold or handle; all of it for those who work everywhere."""
        return visible_orders(caller_of(request)).order_by("-pk")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Order | None:
        order: models.Order | None = super().get_object(request, object_id, from_field)
        if order is not None:
            # The page shows what this colleague may do; a read-only field has no request of its own.
            order.__dict__["reader"] = caller_of(request)
        return order

    @admin.display(description=_("customer"))
    def customer(self, order: models.Order) -> str:
        return desk_page.customer_link(order)

    @admin.display(description=_("next step"))
    def next_steps(self, order: models.Order) -> str:
        found = steps_of(order, order.__dict__["reader"])
        if not found:
            return str(_("Nothing is left to do."))
        several = order.fulfilments.count() > 1
        links = format_html_join(
            "",
            '<a class="{}" href="{}">{}{}</a>',
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
        return format_html('<div class="steps">{}</div>', links)

    def get_urls(self) -> list[URLPattern]:
        step = path(
            "<int:order_id>/step/<slug:verb>/<int:row_id>/",
            self.admin_site.admin_view(self.step_view),
            name="orders_order_step",
        )
        return [step, *super().get_urls()]

    def step_view(self, request: HttpRequest, order_id: int, verb: str, row_id: int) -> HttpResponse:
        """Ask what a step needs, take it, and come back to the order."""
        caller = caller_of(request)
        # Goods come back anywhere: whoever has the number in hand takes them back, and sees no more than the goods.
        orders = models.Order.objects.all() if verb == "return" else visible_orders(caller)
        order = orders.filter(pk=order_id).select_related("channel", "location").first()
        if order is None or verb not in STEPS:
            raise Http404
        if not caller.has_right(STEPS[verb].permission):
            raise PermissionDenied
        row = order.fulfilments.select_related("source", "pickup").filter(pk=row_id).first() if row_id else None
        if row_id and row is None:
            raise Http404
        own = visible_orders(caller).filter(pk=order_id).exists()
        back = reverse("admin:orders_order_change", args=[order.pk]) if own else reverse("admin:find")
        form = form_of(verb, order, request.POST if request.method == "POST" else None, caller.places)
        problem, seen = "", None
        if request.method == "POST" and form.is_valid():
            ask = Ask(order, row, form.cleaned_data, caller, clock.now())
            try:
                if verb == "return" and "preview" in request.POST:
                    seen = preview_return(ask)
                else:
                    take_step(verb, ask)
            except DomainError as refusal:
                problem = str(refusal.message)
            if not problem and seen is None:
                self.message_user(request, _("Done: %(step)s.") % {"step": STEPS[verb].label}, messages.SUCCESS)
                return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "title": STEPS[verb].label,
            "order": order,
            "row": row,
            "form": form,
            "problem": problem,
            "back": back,
            "previewed": verb == "return",
            "seen": seen and _preview_words(seen, order.currency),
        }
        return TemplateResponse(request, "orders/step.html", context)


def _preview_words(seen: Preview, currency: str) -> dict[str, Any]:
    """What would go back, as the step's page tells it before it is done."""
    return {
        "parts": [(desk_page.tender_words(tender), money(amount, currency)) for tender, amount in seen.parts],
        "total": money(seen.amount, currency),
        "points_back": seen.points_back,
        "points_taken": seen.points_taken,
    }
