"""Addresses of this room."""

from django.urls import URLPattern, path

from customers.views import auth, identify, profile

urlpatterns: list[URLPattern] = [
    path("auth/otp", auth.OneTimeCodeView.as_view(), name="auth-otp"),
    path("auth/token", auth.TokenView.as_view(), name="auth-token"),
    path("customers", profile.CustomersView.as_view(), name="customers"),
    path("customers/identify", identify.IdentifyView.as_view(), name="customers-identify"),
    path("customers/merge", identify.MergeView.as_view(), name="customers-merge"),
    path("customers/unmerge", identify.UnmergeView.as_view(), name="customers-unmerge"),
    path("customers/<str:customer_id>", profile.CustomerView.as_view(), name="customer"),
    path("customers/<str:customer_id>/timeline", profile.TimelineView.as_view(), name="customer-timeline"),
    path("customers/<str:customer_id>/consents", profile.ConsentsView.as_view(), name="customer-consents"),
    path(
        "customers/<str:customer_id>/consents/check", profile.ConsentCheckView.as_view(), name="customer-consent-check"
    ),
    path("customers/<str:customer_id>/export", profile.ExportView.as_view(), name="customer-export"),
    path("customers/<str:customer_id>/erase", profile.EraseView.as_view(), name="customer-erase"),
    path("interactions", identify.InteractionsView.as_view(), name="interactions"),
]
