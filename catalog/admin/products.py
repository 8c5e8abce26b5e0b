"""Categories, products and variants: made and changed by form, through their use cases."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from catalog.admin.asking import ask, caller
from catalog.gtin import BadGtin, normal_gtin
from catalog.models import Category, DueOffer, Offer, Product, Variant
from catalog.prices import set_price
from catalog.products import follow_category, follow_product, follow_variant
from catalog.search import matching
from omni.core import clock
from omni.core.admin import ReadMostlyAdmin, SettingsAdmin
from omni.core.showing import money as amount
from omni.core.showing import table


@admin.register(Category)
class CategoryAdmin(SettingsAdmin):
    list_display = ["code", "name_vi", "name_en", "parent", "tax_rate"]
    list_select_related = ["parent"]
    search_fields = ["code", "name_vi", "name_en"]
    autocomplete_fields = ["parent"]

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        follow_category(category=obj, now=clock.now())


@admin.register(Product)
class ProductAdmin(SettingsAdmin):
    list_display = ["handle", "name_vi", "name_en", "category", "vendor", "active"]
    list_filter = ["active", "category"]
    list_select_related = ["category"]
    search_fields = ["handle", "name_vi", "name_en"]
    autocomplete_fields = ["category"]
    exclude = ["created_at"]
    readonly_fields = ["its_variants"]

    @admin.display(description=_("variants"))
    def its_variants(self, product: Product) -> SafeString:
        rows = product.variants.select_related("offer").order_by("sku") if product.pk else []
        return table(
            [_("SKU"), _("options"), _("GTIN"), _("price"), _("available in all")],
            [
                (
                    row.sku,
                    ", ".join(str(value) for value in row.options.values()),
                    row.gtin,
                    amount(row.offer.price, row.offer.currency) if hasattr(row, "offer") else "",
                    row.offer.atp if hasattr(row, "offer") else 0,
                )
                for row in rows
            ],
        )

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)
        follow_product(product=obj, now=clock.now())


class VariantForm(forms.ModelForm[Variant]):
    class Meta:
        model = Variant
        fields = ["sku", "gtin", "product", "options", "weight_grams", "shelf", "active"]

    def clean_gtin(self) -> str | None:
        told = self.cleaned_data.get("gtin")
        try:
            return normal_gtin(told) if told else None
        except BadGtin as refusal:
            raise ValidationError(str(refusal.message)) from refusal


class PriceForm(forms.Form):
    amount = forms.IntegerField(label=_("amount"), min_value=0)
    compare_at = forms.IntegerField(label=_("compare at"), min_value=0, required=False)
    floor = forms.IntegerField(label=_("floor"), min_value=0, required=False)
    valid_from = forms.DateTimeField(label=_("from"), required=False, help_text=_("Empty: now."))
    valid_until = forms.DateTimeField(label=_("until"), required=False)
    reason = forms.CharField(label=_("reason"), max_length=200)


@admin.register(Variant)
class VariantAdmin(SettingsAdmin):
    form = VariantForm
    list_display = ["sku", "product", "gtin", "price", "available", "active"]
    list_filter = ["active"]
    list_select_related = ["product", "offer"]
    search_fields = ["sku"]
    search_help_text = _("Name without diacritics, SKU or GTIN")
    autocomplete_fields = ["product"]
    readonly_fields = ["prices", "stock"]
    actions_detail = ["set_a_price"]

    @admin.display(description=_("price"))
    def price(self, variant: Variant) -> str:
        return amount(variant.offer.price, variant.offer.currency) if hasattr(variant, "offer") else "–"

    @admin.display(description=_("available in all"))
    def available(self, variant: Variant) -> int:
        return variant.offer.atp if hasattr(variant, "offer") else 0

    @admin.display(description=_("prices"))
    def prices(self, variant: Variant) -> SafeString:
        rows = variant.prices.order_by("currency", "-valid_from")[:50] if variant.pk else []
        return table(
            [_("amount"), _("compare at"), _("floor"), _("from"), _("until"), _("reason"), _("changed by")],
            [
                (
                    amount(row.amount, row.currency),
                    amount(row.compare_at, row.currency),
                    amount(row.floor, row.currency),
                    row.valid_from,
                    row.valid_until,
                    row.reason,
                    row.changed_by,
                )
                for row in rows
            ],
        )

    @admin.display(description=_("stock"))
    def stock(self, variant: Variant) -> SafeString:
        rows = variant.levels.select_related("location") if variant.pk else []
        return table(
            [_("location"), _("on hand"), _("reserved"), _("safety stock")],
            [(row.location, row.on_hand, row.reserved, row.safety) for row in rows],
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # A SKU is what channels and orders know it by.
        return [*super().get_readonly_fields(request, obj), *(["sku"] if obj else [])]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Variant], search_term: str
    ) -> tuple[QuerySet[Variant], bool]:
        return (matching(queryset, search_term) if search_term else queryset), False

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        if not change:
            obj.created_at = clock.now()
        super().save_model(request, obj, form, change)
        follow_variant(variant=obj, now=clock.now())

    @action(description=_("Set a price"), url_path="set-price", permissions=["set_a_price"])  # type: ignore[untyped-decorator]
    def set_a_price(self, request: HttpRequest, object_id: int) -> HttpResponse:
        variant = get_object_or_404(Variant.objects.select_related("product"), pk=object_id)
        return ask(
            request,
            title=_("Set a price"),
            about=f"{variant.sku} · {variant.product} · {settings.DEFAULT_CURRENCY}",
            form=PriceForm,
            back=reverse("admin:catalog_variant_change", args=[variant.pk]),
            do=lambda told: set_price(sku=variant.sku, by=caller(request).name, now=clock.now(), **told),
        )

    def has_set_a_price_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("catalog.add_price")


@admin.register(Offer)
class OfferAdmin(ReadMostlyAdmin):
    money = ("price", "compare_at", "promotion_price")
    list_display = [
        "variant",
        "price",
        "promotion_price",
        "promotion",
        "atp",
        "sellable",
        "version",
        "updated_at",
    ]
    list_filter = ["sellable"]
    list_select_related = ["variant"]
    search_fields = ["variant__sku__exact"]
    ordering = ["-variant"]


@admin.register(DueOffer)
class DueOfferAdmin(ReadMostlyAdmin):
    list_display = ["id", "variant", "due_at"]
    list_select_related = ["variant"]
