"""The pick-up queue of a store, and picking one order from its shelves."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from omni.core import clock
from omni.core.errors import DomainError
from omni.core.models import Location
from omni.desk.floor.once import Outcome, act_once
from omni.desk.floor.pages import caller_of, floor_page, require, show
from omni.desk.floor.queries import fulfilment_of, ready_here, to_pick
from orders import fulfilling, rejecting
from orders.cancelling import LineWish
from orders.models import Fulfilment, FulfilmentLine
from orders.next_steps import fulfilment_actions


@require_GET
@floor_page("orders.view_fulfilment")
def queue(request: HttpRequest, store: Location) -> HttpResponse:
    """What to pick here, and what waits here for its customer."""
    return show(
        request,
        "queue",
        title=_("Pick-up queue"),
        store=store,
        to_pick=to_pick(store),
        ready=ready_here(store),
        now=clock.now(),
    )


@require_http_methods(["GET", "POST"])
@floor_page("orders.view_fulfilment")
def pick(request: HttpRequest, store: Location, key: int) -> HttpResponse:
    """One order: its lines to tick off, and the next step. POST `verb` is `pick`, `missing` or `ready`."""
    row = fulfilment_of(store, key)
    if row is None:
        raise Http404
    if request.method == "POST":
        require(request, "orders.change_fulfilment")
        by, now = caller_of(request).name, clock.now()
        return act_once(request, lambda: _act(request, row, by, now), explain=explain)
    mine = request.user.has_perm("orders.change_fulfilment") and row.source_id == store.pk
    actions = fulfilment_actions(row) if mine else []
    return show(
        request,
        "pick",
        title=_("Pick"),
        store=store,
        row=row,
        can_pick="pick" in actions,
        can_ready="ready" in actions,
        can_collect="collect" in actions,
    )


def explain(refusal: DomainError) -> str:
    return str(refusal.message)


def _act(request: HttpRequest, row: Fulfilment, by: str, now: datetime) -> Outcome:
    here, number = request.path, row.order.number
    verb = request.POST.get("verb")
    if verb == "ready":
        fulfilling.ready(fulfilment_id=row.pk, by=by, now=now)
        words = _("%(number)s is ready; the customer is told.") % {"number": number}
        return Outcome(True, words, reverse("admin:floor_queue"))
    missing = _not_ticked(request, row)
    if verb == "pick":
        if missing:
            return Outcome(False, _("Tick every line, or say that what is not ticked is missing."), here)
        fulfilling.pick(fulfilment_id=row.pk, lines=None, by=by, now=now)
        return Outcome(True, _("%(number)s is picked.") % {"number": number}, here)
    if verb == "missing":
        return _missing(row, missing, here, by, now)
    return Outcome(False, _("This page does not know that step."), here)


def _missing(row: Fulfilment, missing: list[FulfilmentLine], here: str, by: str, now: datetime) -> Outcome:
    """Give back what is not on the shelf; what is left of the order stays to be picked."""
    if not missing:
        return Outcome(False, _("Everything is ticked, so nothing is missing."), here)
    wishes = [LineWish(line.order_line.sku, line.quantity - line.picked) for line in missing]
    rejecting.reject(fulfilment_id=row.pk, reason="not_in_stock", lines=wishes, by=by, now=now)
    left = get_object_or_404(Fulfilment, pk=row.pk)
    words = _("Noted as missing: %(skus)s. Another place sends it, or the customer gets the money back.")
    told = words % {"skus": ", ".join(wish.sku for wish in wishes)}
    return Outcome(True, told, here if "pick" in fulfilment_actions(left) else reverse("admin:floor_queue"))


def _not_ticked(request: HttpRequest, row: Fulfilment) -> list[FulfilmentLine]:
    ticked = set(request.POST.getlist("line"))
    return [line for line in row.lines.all() if str(line.pk) not in ticked and line.picked < line.quantity]
