"""The price table, the promotion table, coupons."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.admin.asking import caller
from catalog.models import Coupon, CouponUse, Price, Promotion
from catalog.promoting import BadPromotion, check_promotion, pause_promotion, save_promotion
from catalog.promotions import KINDS
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin, SettingsAdmin
from omni.core.showing import money as amount

_KINDS: dict[str, Promise] = {
    "amount_off": _("an amount off each unit"),
    "bundle": _("goods together for one price"),
    "buy_x_get_y": _("buy some, get some"),
    "fixed_price": _("a fixed price"),
    "free_delivery": _("free delivery"),
    "n_for_price": _("several for one price"),
    "order_amount_off": _("an amount off the order"),
    "percent_off": _("a percentage off"),
    "quantity_tiers": _("cheaper by quantity"),
    "spend_threshold": _("an amount off from a basket of"),
}


def kind_words(kind: str) -> str:
    """`percent_off` in words; a kind without words here loses its underscores."""
    return str(_KINDS.get(kind) or kind.replace("_", " "))


@admin.register(Price)
class PriceAdmin(ReadMostlyAdmin):
    """What each variant costs, cost and will cost; a change is made on the variant's page."""

    money = ("amount", "compare_at", "floor")
    list_display = ["variant", "amount", "compare_at", "floor", "valid_from", "valid_until", "reason", "changed_by"]
    list_filter = ["currency", ("valid_until", admin.EmptyFieldListFilter)]
    list_select_related = ["variant"]
    search_fields = ["variant__sku__exact", "changed_by__exact"]


class PromotionForm(forms.ModelForm[Promotion]):
    kind = forms.ChoiceField(label=_("kind"), choices=lambda: [(name, kind_words(name)) for name in KINDS])

    class Meta:
        model = Promotion
        fields = [
            "code",
            "kind",
            "name_vi",
            "name_en",
            "params",
            "conditions",
            "stacking",
            "priority",
            "needs_coupon",
            "currency",
            "budget",
            "valid_from",
            "valid_until",
            "active",
        ]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        try:
            check_promotion(
                Promotion(
                    kind=told.get("kind", ""),
                    params=told.get("params") or {},
                    conditions=told.get("conditions") or {},
                    currency=told.get("currency", ""),
                )
            )
        except BadPromotion as refusal:
            where, _dot, name = (refusal.param or "").partition(".")
            message = f"{name}: {refusal.message}" if name else str(refusal.message)
            raise ValidationError({where: message} if where in self.fields else message) from refusal
        return told


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, kind_words(name)) for name in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> QuerySet[Promotion]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Promotion)
class PromotionAdmin(SettingsAdmin):
    form = PromotionForm
    money = ("spent", "budget")
    list_display = [
        "code",
        "name_vi",
        "kind_said",
        "stacking",
        "priority",
        "valid_from",
        "valid_until",
        "left",
        "active",
    ]
    list_filter = ["active", KindFilter, "stacking", "needs_coupon"]
    search_fields = ["code", "name_vi", "name_en"]
    readonly_fields = ["spent"]
    actions = ["pause", "resume"]

    @admin.display(description=_("kind"), ordering="kind")
    def kind_said(self, promotion: Promotion) -> str:
        return kind_words(promotion.kind)

    @admin.display(description=_("budget left"))
    def left(self, promotion: Promotion) -> str:
        left = None if promotion.budget is None else promotion.budget - promotion.spent
        return amount(left, promotion.currency)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(["code"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Promotion, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        save_promotion(promotion=obj, by=caller(request).name, now=clock.now())

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        self._switch(request, queryset, active=False)

    @admin.action(description=_("Let run again"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Promotion]) -> None:
        self._switch(request, queryset, active=True)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Promotion], *, active: bool) -> None:
        for promotion in queryset.order_by("pk"):
            pause_promotion(promotion=promotion, active=active, by=caller(request).name, now=clock.now())
        messages.success(request, _("Done."))


class CouponForm(forms.ModelForm[Coupon]):
    class Meta:
        model = Coupon
        fields = ["code", "promotion", "max_uses", "max_uses_per_customer", "valid_until"]

    def clean_code(self) -> str:
        return str(self.cleaned_data["code"]).strip().upper()


@admin.register(Coupon)
class CouponAdmin(SettingsAdmin):
    form = CouponForm
    list_display = ["code", "promotion", "used", "max_uses", "max_uses_per_customer", "valid_until"]
    list_filter = ["promotion"]
    list_select_related = ["promotion"]
    search_fields = ["code"]
    autocomplete_fields = ["promotion"]
    readonly_fields = ["used"]

    def save_model(self, request: HttpRequest, obj: Coupon, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        # Uses are counted by orders meanwhile and must not be written over.
        obj.save(update_fields=[*form.changed_data] if change else None)


@admin.register(CouponUse)
class CouponUseAdmin(ReadMostlyAdmin):
    list_display = ["coupon", "order", "source_record", "used_at", "returned_at"]
    list_filter = [("returned_at", admin.EmptyFieldListFilter)]
    list_select_related = ["coupon"]
    search_fields = ["order__exact", "coupon__code__exact"]
