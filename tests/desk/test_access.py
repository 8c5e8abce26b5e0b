"""Who may open what in the admin, as a table; a page without an entry fails."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse
from django.urls.exceptions import NoReverseMatch

from omni.core.api.views import ApiView
from omni.desk.roles import ROLES, ensure_roles
from omni.urls import urlpatterns
from tests.desk.shop import colleague
from tests.factories.core import LocationFactory

pytestmark = pytest.mark.django_db

LETTERS = {
    "c": "Store clerk",
    "m": "Store manager",
    "s": "Support",
    "h": "Merchandiser",
    "a": "Analyst",
    "o": "Operator",
}
EVERYBODY = "cmshao"

# Pages that are no model's, by name: who gets 200; the others get 403. Every signed-in colleague may open these.
PAGES = {
    "index": EVERYBODY,
    "find": EVERYBODY,
    "floor": "cmsao",
    "floor_queue": "cmsao",
    "floor_hand_over": "cms",
    "floor_price": EVERYBODY,
    "password_change": EVERYBODY,
}
# Reached by POST or with a row of their own; test_floor has them.
ROWS = {"floor_store", "floor_pick", "floor_hand_over_one"}
# Django's and Unfold's own, which ask for no more than a signed-in colleague, or check the model themselves.
FRAMEWORK = {
    "login",
    "logout",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
    "search",
}

# Models, by who may look at them.
MODELS = {
    "auth.group": "o",
    "auth.user": "o",
    "catalog.category": EVERYBODY,
    "catalog.coupon": EVERYBODY,
    "catalog.couponuse": "mhao",
    "catalog.dueoffer": "ho",
    "catalog.movement": "mhao",
    "catalog.offer": EVERYBODY,
    "catalog.price": EVERYBODY,
    "catalog.product": EVERYBODY,
    "catalog.promotion": EVERYBODY,
    "catalog.reservation": "mhao",
    "catalog.stocklevel": EVERYBODY,
    "catalog.variant": EVERYBODY,
    "channels.channelhealth": "hao",
    "channels.delivery": "hao",
    "channels.drift": "hao",
    "channels.externalid": "hao",
    "channels.inboundevent": "hao",
    "channels.inboundorder": "hao",
    "core.channel": EVERYBODY,
    "core.hearing": "o",
    "core.importproblem": "hao",
    "core.importrun": "hao",
    "core.keptanswer": "o",
    "core.location": EVERYBODY,
    "core.outboxmessage": "o",
    "core.ratecounter": "o",
    "core.shopclock": "o",
    "core.staffplace": "mao",
    "core.token": "o",
    "customers.accesslog": "so",
    "customers.consent": "cmsao",
    "customers.customer": "cmsao",
    "customers.customerfacts": "cmsao",
    "customers.identifier": "cmsao",
    "customers.interaction": "cmsao",
    "customers.interactionid": "o",
    "customers.linkdecision": "so",
    "customers.membership": "cmsao",
    "customers.reviewpair": "so",
    "customers.signincode": "so",
    "customers.sourcerecord": "cmsao",
    "loyalty.account": "cmsao",
    "loyalty.accrual": "cmsao",
    "loyalty.adjustment": "cmsao",
    "loyalty.allocation": "cmsao",
    "loyalty.clawback": "cmsao",
    "loyalty.entry": "cmsao",
    "loyalty.giftcard": "cmsao",
    "loyalty.hold": "cmsao",
    "loyalty.lot": "cmsao",
    "loyalty.membertier": "cmsao",
    "loyalty.programme": "cmsao",
    "loyalty.reward": "cmsao",
    "loyalty.tier": "cmsao",
    "orders.cart": "cmsao",
    "orders.cartline": "cmsao",
    "orders.fulfilment": "cmsao",
    "orders.fulfilmentline": "cmsao",
    "orders.handoff": "mo",
    "orders.historyadjustment": "mao",
    "orders.order": "cmsao",
    "orders.orderevent": "cmsao",
    "orders.orderexception": "cmsao",
    "orders.orderline": "cmsao",
    "orders.payment": "cmsao",
    "orders.pickupcode": "mo",
    "orders.quote": "cmsao",
    "orders.refund": "cmsao",
    "orders.return": "cmsao",
    "orders.returnline": "cmsao",
}


def names_of_admin() -> set[str]:
    """The names of every address of the admin, models apart."""
    models = {f"{model._meta.app_label}_{model._meta.model_name}_" for model in admin.site._registry}
    return {
        pattern.name
        for pattern in admin.site.get_urls()
        if isinstance(pattern, URLPattern) and pattern.name and not any(pattern.name.startswith(m) for m in models)
    }


def test_every_address_of_the_admin_has_an_entry():
    assert names_of_admin() - {*PAGES, *ROWS, *FRAMEWORK} == set()


def test_every_model_in_the_admin_has_an_entry():
    registered = {f"{model._meta.app_label}.{model._meta.model_name}" for model in admin.site._registry}
    assert registered - MODELS.keys() == set()


@pytest.mark.parametrize("letter", LETTERS)
def test_pages_by_role(letter, client):
    client.force_login(colleague(LETTERS[letter], LocationFactory()))
    for name, who in PAGES.items():
        answer = client.get(reverse(f"admin:{name}"))
        assert (name, answer.status_code) == (name, 200 if letter in who else 403)


@pytest.mark.parametrize("letter", LETTERS)
def test_models_by_role(letter):
    request = RequestFactory().get("/admin/")
    request.user = colleague(LETTERS[letter])
    wrong = [
        model._meta.label_lower
        for model, page in admin.site._registry.items()
        if page.has_view_permission(request) != (letter in MODELS.get(model._meta.label_lower, ""))
    ]
    assert wrong == []


def test_nobody_opens_anything_without_signing_in(client):
    for pattern in admin.site.get_urls():
        name = getattr(pattern, "name", None)
        if name in {"login", "logout", "jsi18n", None}:
            continue
        answer = client.get(_address(f"admin:{name}"))
        assert (name, answer.status_code) == (name, 302)
        assert "/admin/login/" in answer["Location"]


def _address(name: str) -> str:
    for arguments in ((), (1,), ("core",), (1, 1)):
        try:
            return reverse(name, args=arguments)
        except NoReverseMatch:
            continue
    raise AssertionError(name)


def test_every_list_opens(client, admin_user):
    client.force_login(admin_user)
    for model in admin.site._registry:
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert (model._meta.label, answer.status_code) == (model._meta.label, 200)


def test_roles_are_made_again_without_harm():
    first = {name: set(group.permissions.values_list("pk", flat=True)) for name, group in ensure_roles().items()}
    again = {name: set(group.permissions.values_list("pk", flat=True)) for name, group in ensure_roles().items()}
    assert first == again
    assert set(first) == set(ROLES)


def test_every_permission_that_the_api_asks_of_colleagues_belongs_to_a_role():
    asked = {
        access.staff for view in _api_views(urlpatterns) for access in view.access.values() if access.staff is not None
    }
    assert asked - set().union(*ROLES.values()) == set()


def _api_views(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _api_views(pattern.url_patterns)
        else:
            view = getattr(pattern.callback, "view_class", None)
            if view is not None and issubclass(view, ApiView):
                yield view


def test_a_stranger_has_no_menu(client):
    request = RequestFactory().get("/admin/")
    request.user = AnonymousUser()
    assert admin.site.each_context(request)["sidebar_navigation"] == []
