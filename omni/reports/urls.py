"""Addresses of this room."""

from django.urls import URLPattern, path

from omni.reports import views

app_name = "reports"
urlpatterns: list[URLPattern] = [
    path("", views.index, name="index"),
    path("<slug:code>/", views.show, name="show"),
]
