"""Addresses of the desk's own pages, within the admin's name space (`admin:find`, `admin:floor`)."""

from django.contrib import admin
from django.urls import URLPattern, path

from omni.desk import views
from omni.desk.floor.urls import floor_urls


def desk_urls() -> list[URLPattern]:
    """Every address that the desk adds to the admin; each view asks for its own permission."""
    return [path("find/", admin.site.admin_view(views.find), name="find"), *floor_urls()]
