"""Addresses of this room."""

from django.urls import URLPattern, path

from catalog.api import places, variants

urlpatterns: list[URLPattern] = [
    path("variants", variants.VariantsView.as_view(), name="variants"),
    path("variants/by-gtin/<str:gtin>", variants.VariantByGtinView.as_view(), name="variant-by-gtin"),
    path("variants/<str:sku>", variants.VariantView.as_view(), name="variant"),
    path("variants/<str:sku>/prices", variants.VariantPricesView.as_view(), name="variant-prices"),
    path("locations", places.LocationsView.as_view(), name="locations"),
    path("promotions", places.PromotionsView.as_view(), name="promotions"),
]
