"""Levels and why they are what they are: each page tells the movements with the balance after each."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from catalog import stock
from catalog.admin.asking import ask, caller
from catalog.models import Movement, Reservation, StockLevel
from catalog.stock.shelves import ADJUSTMENTS
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin
from omni.core.showing import table

# How many movements a level's page tells; what came before them is summed up in one line.
TOLD = 100


class ReceiveForm(forms.Form):
    quantity = forms.IntegerField(label=_("quantity"), min_value=1)
    unit_cost = forms.IntegerField(label=_("unit cost"), min_value=0, required=False)
    note = forms.CharField(label=_("note"), max_length=300, required=False)


class AdjustForm(forms.Form):
    quantity = forms.IntegerField(label=_("quantity"), help_text=_("Below zero: fewer."))
    reason = forms.ChoiceField(
        label=_("reason"), choices=[(reason.value, reason.label) for reason in Movement.Reason if reason in ADJUSTMENTS]
    )
    note = forms.CharField(label=_("note"), max_length=300)


class CountForm(forms.Form):
    counted = forms.IntegerField(label=_("counted"), min_value=0)
    note = forms.CharField(label=_("note"), max_length=300, required=False)


class SafetyForm(forms.Form):
    safety = forms.IntegerField(label=_("safety stock"), min_value=0)


@admin.register(StockLevel)
class StockLevelAdmin(ReadMostlyAdmin):
    money = ("unit_cost",)
    currency_at = ("currency",)
    list_display = ["variant", "location", "on_hand", "reserved", "safety", "available"]
    list_filter = ["location"]
    list_select_related = ["variant", "location"]
    search_fields = ["variant__sku__exact"]
    readonly_fields = ["why", "promises"]
    actions_detail = ["receive", "adjust", "count", "keep_back"]

    @admin.display(description=_("available"))
    def available(self, level: StockLevel) -> int:
        return max(0, level.on_hand - level.reserved - level.safety)

    @admin.display(description=_("why this many"))
    def why(self, level: StockLevel) -> SafeString:
        rows = list(Movement.objects.filter(variant=level.variant_id, location=level.location_id)[: TOLD + 1])
        told: list[tuple[object, ...]] = []
        balance = level.on_hand
        for row in rows[:TOLD]:
            told.append(
                (
                    row.moved_at,
                    row.get_reason_display(),
                    f"{row.quantity:+d}",
                    balance,
                    " ".join(part for part in (row.source_kind, row.source) if part),
                    row.note,
                    row.moved_by,
                )
            )
            balance -= row.quantity
        if len(rows) > TOLD:
            told.append(("", _("before"), "", balance, "", "", ""))
        return table([_("when"), _("reason"), _("quantity"), _("then"), _("belongs to"), _("note"), _("by")], told)

    @admin.display(description=_("promised to"))
    def promises(self, level: StockLevel) -> SafeString:
        live = Reservation.objects.filter(
            variant=level.variant_id, location=level.location_id, state=Reservation.State.OPEN
        )
        rows = [(row.order, row.line, row.quantity, row.created_at) for row in live.order_by("id")[:TOLD]]
        total = live.aggregate(total=Sum("quantity"))["total"] or 0
        return table([_("order"), _("line"), _("quantity"), _("created")], [*rows, (_("in all"), "", total, "")])

    @action(description=_("Receive"), url_path="receive", permissions=["move"])  # type: ignore[untyped-decorator]
    def receive(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._ask(request, object_id, _("Receive"), ReceiveForm, stock.receive)

    @action(description=_("Adjust"), url_path="adjust", permissions=["move"])  # type: ignore[untyped-decorator]
    def adjust(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._ask(request, object_id, _("Adjust"), AdjustForm, stock.adjust)

    @action(description=_("Count"), url_path="count", permissions=["move"])  # type: ignore[untyped-decorator]
    def count(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._ask(request, object_id, _("Count"), CountForm, stock.count)

    @action(description=_("Keep back"), url_path="keep-back", permissions=["keep_back"])  # type: ignore[untyped-decorator]
    def keep_back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def keep(*, by: str, **told: Any) -> None:
            stock.set_safety(**told)

        return self._ask(request, object_id, _("Keep back"), SafetyForm, keep)

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("catalog.add_movement") and self._may_act(request, object_id)

    def has_keep_back_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("catalog.change_stocklevel") and self._may_act(request, object_id)

    def _may_act(self, request: HttpRequest, object_id: Any) -> bool:
        """A colleague moves stock at their own stores."""
        level = StockLevel.objects.filter(pk=object_id).first() if object_id else None
        return level is None or caller(request).may_act_at(level.location_id)

    def _ask(self, request: HttpRequest, object_id: int, title: Any, form: type[forms.Form], do: Any) -> HttpResponse:
        level = get_object_or_404(StockLevel.objects.select_related("variant__product", "location"), pk=object_id)
        return ask(
            request,
            title=title,
            about=f"{level.variant.sku} · {level.variant.product} · {level.location}: {level.on_hand}",
            form=form,
            back=reverse("admin:catalog_stocklevel_change", args=[level.pk]),
            do=lambda told: do(
                variant_id=level.variant_id,
                location_id=level.location_id,
                by=caller(request).name,
                now=clock.now(),
                **told,
            ),
        )


@admin.register(Movement)
class MovementAdmin(ReadMostlyAdmin):
    list_display = ["moved_at", "variant", "location", "quantity", "reason", "source_kind", "source", "moved_by"]
    list_filter = ["reason", "location"]
    list_select_related = ["variant", "location"]
    search_fields = ["variant__sku__exact", "source__exact"]


@admin.register(Reservation)
class ReservationAdmin(ReadMostlyAdmin):
    list_display = ["order", "line", "variant", "location", "quantity", "state", "created_at", "ended_at"]
    list_filter = ["state", "location"]
    list_select_related = ["variant", "location"]
    search_fields = ["order__exact", "variant__sku__exact"]
