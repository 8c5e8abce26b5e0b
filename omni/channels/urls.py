"""Addresses of this room."""

from django.urls import URLPattern, path

from omni.channels import views

urlpatterns: list[URLPattern] = [
    path("channels/<slug:code>/status", views.StatusView.as_view(), name="channel-status"),
    path("channels/<slug:code>/shown", views.ShownView.as_view(), name="channel-shown"),
    path("channels/<slug:code>/pause", views.PauseView.as_view(), name="channel-pause"),
    path("channels/<slug:code>/resume", views.ResumeView.as_view(), name="channel-resume"),
    path("channels/<slug:code>/resync", views.ResyncView.as_view(), name="channel-resync"),
    path("channels/<slug:code>/verify", views.VerifyView.as_view(), name="channel-verify"),
    path("channels/<slug:code>/webhook", views.WebhookView.as_view(), name="channel-webhook"),
]
