"""The sidebar, grouped by what people do; a colleague sees what their role may open."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from omni.reports.access import PERMISSION as READ_REPORTS

Item = tuple[str, str, Promise | str | None, str]

# (title, [(model, icon, title or None for the model's own, query)])
GROUPS: list[tuple[Promise, list[Item]]] = [
    (
        _("Customers"),
        [
            ("customers.Customer", "person", None, ""),
            ("customers.ReviewPair", "compare_arrows", None, "settled_at__isnull=True"),
            ("customers.Interaction", "timeline", None, ""),
            ("customers.Consent", "handshake", None, ""),
        ],
    ),
    (
        _("Orders"),
        [
            ("orders.Order", "receipt_long", None, ""),
            ("orders.Cart", "shopping_cart", None, ""),
            ("orders.Fulfilment", "shopping_bag", _("Pick-up and shipping"), ""),
            ("orders.Return", "assignment_return", None, ""),
            ("orders.OrderException", "report", None, "settled_at__isnull=True"),
        ],
    ),
    (
        _("Catalog"),
        [
            ("catalog.Product", "inventory_2", None, ""),
            ("catalog.Variant", "barcode", None, ""),
            ("catalog.Price", "sell", None, ""),
            ("catalog.Promotion", "percent", None, ""),
            ("catalog.Coupon", "confirmation_number", None, ""),
            ("catalog.StockLevel", "warehouse", _("Stock"), ""),
        ],
    ),
    (
        _("Loyalty"),
        [
            ("loyalty.Programme", "loyalty", None, ""),
            ("loyalty.MemberTier", "military_tech", None, ""),
            ("loyalty.GiftCard", "card_giftcard", None, ""),
            ("loyalty.Account", "account_balance_wallet", None, ""),
            ("loyalty.Adjustment", "tune", None, ""),
        ],
    ),
    (
        _("Channels"),
        [
            ("core.Channel", "hub", None, ""),
            ("channels.Delivery", "outbox", None, ""),
            ("channels.Drift", "difference", None, "healed_at__isnull=True"),
            ("channels.ChannelHealth", "monitor_heart", None, ""),
        ],
    ),
    (
        _("Set-up"),
        [
            ("core.Location", "storefront", None, ""),
            ("core.StaffPlace", "badge", None, ""),
            ("auth.User", "group", _("Colleagues"), ""),
            ("auth.Group", "shield_person", _("Roles"), ""),
            ("core.Token", "key", None, ""),
            ("core.ImportRun", "upload_file", None, ""),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar with the links that this colleague may follow."""
    user = request.user
    groups: list[dict[str, Any]] = [{"items": list(_top(user, request.path))}]
    for title, items in GROUPS:
        links = [_link(request, *item) for item in items if _may_see(user, item[0])]
        groups.append({"title": title, "items": links, "separator": True})
        if title == _("Channels") and user.has_perm(READ_REPORTS):
            report = _plain(_("Sales by channel"), "bar_chart", reverse("reports:show", args=["sales-by-channel"]))
            every = _plain(_("All reports"), "analytics", reverse("reports:index"))
            every["active"] = request.path == every["link"]
            groups.append({"title": _("Reports"), "items": [report, every], "separator": True})
    return [group for group in groups if group["items"]]


def _top(user: User | AnonymousUser, path: str) -> Iterator[dict[str, Any]]:
    yield _plain(_("Home"), "home", reverse("admin:index"))
    yield _plain(_("Find"), "search", reverse("admin:find"))
    if user.has_perm("orders.view_fulfilment"):
        floor = _plain(_("Shop floor"), "barcode_scanner", reverse("admin:floor"))
        floor["active"] = path.startswith(floor["link"])
        yield floor


def _plain(title: Promise, icon: str, link: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link}


def _link(request: HttpRequest, label: str, icon: str, title: Promise | str | None, query: str) -> dict[str, Any]:
    model = apps.get_model(label)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return {
        "title": title or str(model._meta.verbose_name_plural).capitalize(),
        "icon": icon,
        "link": f"{address}?{query}" if query else address,
        "active": request.path.startswith(address),
    }


def _may_see(user: User | AnonymousUser, label: str) -> bool:
    """Whether the model has an admin page and the colleague may look at it."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return False
    if not admin.site.is_registered(model):
        return False
    name = f"{model._meta.app_label}.%s_{model._meta.model_name}"
    return user.has_perm(name % "view") or user.has_perm(name % "change")
