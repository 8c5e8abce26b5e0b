"""How the admin looks: name, colours, what stands in the sidebar. Read by settings, so it imports no models."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# 600 carries white letters and 500 stands on the dark ground, each with a contrast above 4.5 (WCAG 2.2, 1.4.3).
_JADE = {
    "50": "#f0fdfa",
    "100": "#ccfbf1",
    "200": "#99f6e4",
    "300": "#5eead4",
    "400": "#2dd4bf",
    "500": "#14b8a6",
    "600": "#0f766e",
    "700": "#115e59",
    "800": "#134e4a",
    "900": "#0f3d3a",
    "950": "#042f2e",
}

UNFOLD: dict[str, Any] = {
    "LOGIN": {"form": "omni.desk.login.CountedLogin"},
    "SITE_TITLE": "Omni",
    "SITE_HEADER": "Omni",
    "SITE_SUBHEADER": _("One shop, every channel"),
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("desk/logo.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "sizes": "any", "type": "image/svg+xml", "href": lambda request: static("desk/logo.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": _JADE},
    "STYLES": [lambda request: static("desk/desk.css")],
    "SCRIPTS": [lambda request: static("desk/desk.js")],
    "DASHBOARD_CALLBACK": "omni.desk.home.dashboard",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "omni.desk.navigation.sidebar",
    },
}
