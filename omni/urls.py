"""Every address of the shop."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from orders.views.handoff_page import HandoffPage

api: list[URLPattern | URLResolver] = [
    path("", include("customers.urls")),
    path("", include("catalog.urls")),
    path("", include("orders.urls")),
    path("", include("loyalty.urls")),
    path("", include("omni.channels.urls")),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[], authentication_classes=[]), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerView.as_view(url_name="schema", permission_classes=[], authentication_classes=[]),
        name="api-docs",
    ),
]

handler400 = "omni.core.api.errors.bad_request"
handler403 = "omni.core.api.errors.forbidden"
handler404 = "omni.core.api.errors.not_found"
handler500 = "omni.core.api.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("cart/<slug:code>", HandoffPage.as_view(), name="cart-handoff"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include(api)),
    path("reports/", include("omni.reports.urls")),
    path("admin/", admin.site.urls),
]
