"""The desk's own pages become part of the admin site through Unfold's hook for further addresses."""

from django.contrib import admin

from omni.desk import people  # noqa: F401  registers colleagues and roles
from omni.desk.urls import desk_urls

# UnfoldAdminSite.get_urls asks for this; it puts them before the site's own, whose last one takes everything.
admin.site.extra_urls = desk_urls  # type: ignore[attr-defined]
admin.site.enable_nav_sidebar = True
