"""Hand an order over to whoever shows its code or QR."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from omni.core import clock
from omni.core.errors import DomainError
from omni.core.models import Location
from omni.desk.floor.once import Outcome, act_once
from omni.desk.floor.pages import caller_of, floor_page, require, show
from omni.desk.floor.queries import fulfilment_of, ready_here
from orders import pickup
from orders.models import Fulfilment


@require_http_methods(["GET", "POST"])
@floor_page("orders.change_fulfilment")
def hand_over(request: HttpRequest, store: Location) -> HttpResponse:
    """A scanned QR hands over at once; an order number opens its page, where the code is asked."""
    if request.method == "GET":
        return show(request, "hand_over", title=_("Hand over"), store=store, ready=ready_here(store))
    # A scanner may send what no text has.
    scanned = request.POST.get("scanned", "").replace("\0", "").strip()
    read = pickup.read_qr(scanned)
    if read is None:
        row = ready_here_by_number(store, scanned)
        if row is not None:
            return redirect("admin:floor_hand_over_one", key=row.pk)
        return act_once(request, lambda: _unknown(request.path), explain=explain)
    found = fulfilment_of(store, read[0])
    if found is None:
        return act_once(request, lambda: _elsewhere(request.path), explain=explain)
    return _collect(request, found, scanned)


@require_http_methods(["GET", "POST"])
@floor_page("orders.change_fulfilment")
def hand_over_one(request: HttpRequest, store: Location, key: int) -> HttpResponse:
    """One order: its lines, and the customer's code; for a manager, the way to unlock it."""
    row = fulfilment_of(store, key)
    if row is None:
        raise Http404
    if request.method == "POST" and request.POST.get("verb") == "unlock":
        return _unlock(request, row)
    if request.method == "POST":
        return _collect(request, row, request.POST.get("scanned", "").strip())
    here = row.status == Fulfilment.Status.READY and row.pickup_id == store.pk
    locked = here and row.codes.filter(ended_at=None, locked_at__isnull=False).exists()
    return show(
        request,
        "hand_over_one",
        title=_("Hand over"),
        store=store,
        row=row,
        can_collect=here and not locked,
        locked=locked,
    )


def ready_here_by_number(store: Location, number: str) -> Fulfilment | None:
    rows = Fulfilment.objects.filter(pickup=store, status=Fulfilment.Status.READY, order__number__iexact=number)
    return rows.first()


def explain(refusal: DomainError) -> str:
    """The refusal in words, with the tries that are left, or whom to ask."""
    if isinstance(refusal, pickup.WrongCode):
        left = int(refusal.details.get("tries_left", 0))
        if left == 0:
            return _(
                "This code is wrong, and it was the fifth time: it is locked now. Ask a store manager to unlock it."
            )
        words = ngettext("This code is wrong. %(left)d try left.", "This code is wrong. %(left)d tries left.", left)
        return words % {"left": left}
    if isinstance(refusal, pickup.CodeLocked):
        return _("This code is locked after five wrong tries. Ask a store manager to unlock it.")
    return str(refusal.message)


def _collect(request: HttpRequest, row: Fulfilment, scanned: str) -> HttpResponse:
    by, now = caller_of(request).name, clock.now()
    return act_once(request, lambda: _hand_out(request, row, scanned, by, now), explain=explain)


def _hand_out(request: HttpRequest, row: Fulfilment, scanned: str, by: str, now: datetime) -> Outcome:
    # What is longer than any code came from a QR.
    told = {"signed_qr": scanned} if "." in scanned else {"code": scanned}
    who = request.POST.get("collected_by", "").strip()
    pickup.collect(fulfilment_id=row.pk, collected_by=who, by=by, now=now, **told)
    words = _("%(number)s is handed over.") % {"number": row.order.number}
    return Outcome(True, words, reverse("admin:floor_hand_over"))


def _unlock(request: HttpRequest, row: Fulfilment) -> HttpResponse:
    """A manager has checked who collects and says how; the reason is kept with the order."""
    require(request, "orders.unlock_pickup")
    reason, by, now = request.POST.get("reason", "").strip()[:200], caller_of(request).name, clock.now()

    def act() -> Outcome:
        if not reason:
            return Outcome(False, _("Say how you made sure who collects it."), request.path)
        pickup.unlock_code(fulfilment_id=row.pk, reason=reason, by=by, now=now)
        return Outcome(True, _("The code can be tried again."), request.path)

    return act_once(request, act, explain=explain)


def _unknown(here: str) -> Outcome:
    return Outcome(False, _("Neither a QR of ours nor an order that is ready here. Ask for the newest message."), here)


def _elsewhere(here: str) -> Outcome:
    return Outcome(
        False, _("This order is not collected in this store. The customer’s message names the right one."), here
    )
