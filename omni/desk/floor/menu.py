"""Where am I, and what can I do here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from omni.core import clock
from omni.desk.floor.pages import CHOSEN, chosen_store, my_stores, require, show
from omni.desk.floor.queries import queue_counts


@require_GET
def menu(request: HttpRequest) -> HttpResponse:
    """The store's menu with what waits; the choice of a store where none is chosen or `?choose` asks for it."""
    require(request, "orders.view_fulfilment")
    store = chosen_store(request)
    if store is None or "choose" in request.GET:
        return show(request, "choose", title=_("Choose your store"), stores=my_stores(request), store=store)
    return show(request, "menu", title=_("Shop floor"), store=store, counts=queue_counts(store, now=clock.now()))


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember for this session in which store the colleague stands."""
    require(request, "orders.view_fulfilment")
    codes = {store.code: store.pk for store in my_stores(request)}
    if (code := request.POST.get("store", "")) in codes:
        request.session[CHOSEN] = codes[code]
    return redirect("admin:floor")
