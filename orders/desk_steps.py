"""The steps that a colleague takes from an order's page: what each asks, who may, and which use case it calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from omni.core.api.callers import Caller
from omni.core.errors import Forbidden, Unprocessable
from omni.core.models import Location
from orders import fulfilling, pickup
from orders.cancelling import cancel_order
from orders.models import Fulfilment, Order, OrderLine, Return, ReturnLine, Tender
from orders.next_steps import fulfilment_actions, next_actions
from orders.paying import NewPayment, add_payments, confirm_payment, order_balance
from orders.refunding import Refunded
from orders.rejecting import reject
from orders.returning import ReturnWish, return_goods


@dataclass(frozen=True, slots=True)
class Ask:
    """Who takes a step on what, when."""

    order: Order
    row: Fulfilment | None
    told: Mapping[str, Any]
    caller: Caller
    now: datetime

    @property
    def how(self) -> dict[str, Any]:
        return {"by": self.caller.name, "now": self.now}

    @property
    def fulfilment(self) -> int:
        assert self.row is not None
        return self.row.pk


@dataclass(frozen=True, slots=True)
class Step:
    """`at` says at which of a fulfilment's locations the colleague must work."""

    label: str | Promise
    permission: str
    run: Callable[[Ask], object]
    form: type[forms.Form]
    at: tuple[str, ...] = ()


class NothingChosen(Unprocessable):
    code = "nothing_chosen"
    message = _("Say how many of which goods came back.")


class PlainForm(forms.Form):
    """Nothing to tell."""


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("reason"), max_length=200)


class NoteForm(forms.Form):
    """What was done about something, for whoever asks later."""

    note = forms.CharField(label=_("what was done about it"), max_length=300)


class ShipForm(forms.Form):
    carrier = forms.CharField(label=_("carrier"), max_length=100)
    tracking = forms.CharField(label=_("tracking"), max_length=100, required=False)


class RejectForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("reason"),
        choices=[
            ("not_in_stock", _("not in stock")),
            ("damaged", _("damaged")),
            ("mismatch", _("not what the system says")),
        ],
    )


class CollectForm(forms.Form):
    code = forms.CharField(
        label=_("code"), max_length=1000, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )
    collected_by = forms.CharField(label=_("collected by"), max_length=200, required=False)


class PayForm(forms.Form):
    tender = forms.ChoiceField(
        label=_("tender"), choices=[choice for choice in Tender.choices if choice[0] != Tender.POINTS]
    )
    amount = forms.IntegerField(label=_("amount"), min_value=1)
    reference = forms.CharField(label=_("reference"), max_length=200, required=False)


class ReturnForm(forms.Form):
    """One quantity for each line that the customer still has."""

    location = forms.ModelChoiceField(label=_("location"), queryset=Location.objects.filter(active=True))
    reason = forms.CharField(label=_("reason"), max_length=200, required=False)
    condition = forms.ChoiceField(label=_("condition"), choices=ReturnLine.Condition.choices)
    refund_to = forms.ChoiceField(
        label=_("refund to"), choices=[("original", _("as it was paid")), ("store_credit", _("store credit"))]
    )

    def __init__(self, *args: Any, order: Order, places: frozenset[int] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = self.fields["location"]
        assert isinstance(here, forms.ModelChoiceField)
        if places is not None:
            here.queryset = Location.objects.filter(active=True, pk__in=places)
            here.initial = min(places, default=None)
        for line in OrderLine.objects.filter(order=order).select_related("variant__product").order_by("position"):
            left = line.fulfilled - line.returned
            if left:
                self.fields[f"line-{line.sku}"] = forms.IntegerField(
                    label=f"{line.called} ({line.sku})", min_value=0, max_value=left, initial=0, required=False
                )


def take_step(verb: str, ask: Ask) -> None:
    """Run one step for a colleague. Raises Forbidden where they may not, and what the use case raises."""
    step = STEPS[verb]
    if not ask.caller.has_right(step.permission):
        raise Forbidden
    if step.at and ask.row is not None:
        ids = {"source": ask.row.source_id, "pickup": ask.row.pickup_id}
        if not any(ids[place] is not None and ask.caller.may_act_at(ids[place]) for place in step.at):
            raise Forbidden(_("You may not act for this location."))
    step.run(ask)


def form_of(verb: str, order: Order, data: Any = None, places: frozenset[int] | None = None) -> forms.Form:
    """The form that a step asks to be filled in, with the locations where the colleague works (None: all)."""
    form = STEPS[verb].form
    return form(data, order=order, places=places) if issubclass(form, ReturnForm) else form(data)


def _collect(ask: Ask) -> object:
    told = str(ask.told["code"]).strip()
    by_qr = "." in told
    return pickup.collect(
        fulfilment_id=ask.fulfilment,
        code="" if by_qr else told.replace(" ", ""),
        signed_qr=told if by_qr else "",
        collected_by=str(ask.told.get("collected_by", "")),
        **ask.how,
    )


def _return(ask: Ask) -> tuple[Return, Refunded]:
    location: Location = ask.told["location"]
    if not ask.caller.may_act_at(location.pk):
        raise Forbidden(_("You may not act for this location."))
    if not any(count for name, count in ask.told.items() if name.startswith("line-")):
        raise NothingChosen
    lines = [
        ReturnWish(name.removeprefix("line-"), int(count), str(ask.told["reason"]), str(ask.told["condition"]))
        for name, count in ask.told.items()
        if name.startswith("line-") and count
    ]
    return return_goods(
        order_id=ask.order.pk, location=location, lines=lines, refund_to=str(ask.told["refund_to"]), **ask.how
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a return would give back: by tender and in all, in minor units; points restored, and earned ones lost."""

    parts: tuple[tuple[str, int], ...]
    amount: int
    points_back: int
    points_taken: int


class _NotYet(Exception):
    """Ends the transaction in which a return was tried."""


def preview_return(ask: Ask) -> Preview:
    """What taking these goods back would give, found by doing it and undoing all of it. Raises as `take_step`."""
    if not ask.caller.has_right(STEPS["return"].permission):
        raise Forbidden
    found: list[Preview] = []
    try:
        with transaction.atomic():
            of, refunded = _return(ask)
            parts: dict[str, int] = {}
            for row in refunded.refunds:
                parts[row.tender] = parts.get(row.tender, 0) + row.amount
            found.append(Preview(tuple(parts.items()), refunded.amount, refunded.points, of.points_taken_back))
            raise _NotYet
    except _NotYet:
        return found[0]


def _pay(ask: Ask) -> object:
    payment = NewPayment(ask.told["tender"], ask.told["amount"], ask.told.get("reference", ""))
    return add_payments(order_id=ask.order.pk, payments=[payment], **ask.how)


def _confirm(ask: Ask) -> object:
    pending = ask.order.payments.filter(status="pending").order_by("pk")
    return [confirm_payment(payment_id=payment.pk, **ask.how) for payment in pending]


_HANDLE = "orders.change_fulfilment"
_SOURCE, _COUNTER = ("source",), ("pickup",)

STEPS: dict[str, Step] = {
    "pay": Step(_("Take a payment"), "orders.add_payment", _pay, PayForm),
    "confirm": Step(_("The pending payment has come"), "orders.change_payment", _confirm, PlainForm),
    "accept": Step(
        _("Accept"), _HANDLE, lambda a: fulfilling.accept(fulfilment_id=a.fulfilment, **a.how), PlainForm, _SOURCE
    ),
    "pick": Step(
        _("Picked"),
        _HANDLE,
        lambda a: fulfilling.pick(fulfilment_id=a.fulfilment, lines=None, **a.how),
        PlainForm,
        _SOURCE,
    ),
    "pack": Step(
        _("Packed"), _HANDLE, lambda a: fulfilling.pack(fulfilment_id=a.fulfilment, **a.how), PlainForm, _SOURCE
    ),
    "ready": Step(
        _("Ready to collect"),
        _HANDLE,
        lambda a: fulfilling.ready(fulfilment_id=a.fulfilment, **a.how),
        PlainForm,
        ("pickup", "source"),
    ),
    "collect": Step(_("Hand over with the code"), _HANDLE, _collect, CollectForm, _COUNTER),
    "ship": Step(
        _("Shipped"),
        _HANDLE,
        lambda a: fulfilling.ship(
            fulfilment_id=a.fulfilment, carrier=a.told["carrier"], tracking=a.told["tracking"], **a.how
        ),
        ShipForm,
        _SOURCE,
    ),
    "deliver": Step(
        _("Delivered"), _HANDLE, lambda a: fulfilling.deliver(fulfilment_id=a.fulfilment, **a.how), PlainForm, _SOURCE
    ),
    "fail": Step(
        _("Could not be delivered"),
        _HANDLE,
        lambda a: fulfilling.fail(fulfilment_id=a.fulfilment, reason=a.told["reason"], **a.how),
        ReasonForm,
        _SOURCE,
    ),
    "reject": Step(
        _("We do not have it"),
        _HANDLE,
        lambda a: reject(fulfilment_id=a.fulfilment, reason=a.told["reason"], lines=None, **a.how),
        RejectForm,
        _SOURCE,
    ),
    "unlock": Step(
        _("Unlock the code"),
        "orders.unlock_pickup",
        lambda a: pickup.unlock_code(fulfilment_id=a.fulfilment, reason=a.told["reason"], **a.how),
        ReasonForm,
        _COUNTER,
    ),
    "cancel": Step(
        _("Cancel"),
        "orders.change_order",
        lambda a: cancel_order(order_id=a.order.pk, lines=None, reason=a.told["reason"], **a.how),
        ReasonForm,
    ),
    "return": Step(_("Take goods back"), "orders.add_return", _return, ReturnForm),
}
# Steps of the order itself rather than of one of its fulfilments.
OF_ORDER = frozenset({"pay", "confirm", "cancel", "return"})


def steps_of(order: Order, caller: Caller) -> list[tuple[str, Fulfilment | None]]:
    """The steps that this colleague may take now, the next one first."""
    rows = list(order.fulfilments.select_related("source", "pickup").order_by("pk"))
    balance = order_balance(order)
    wanted: list[tuple[str, Fulfilment | None]] = []
    for action in next_actions(order, rows, order.lines.all(), to_pay=balance.to_pay):
        if action in OF_ORDER:
            wanted.append((action, None))
        else:
            wanted += [(action, row) for row in rows if action in fulfilment_actions(row)]
    if order.payments.filter(status="pending").exists():
        # A transfer that covers all that is due needs no second payment, only somebody who has seen it come.
        wanted.insert(1 if balance.uncovered else 0, ("confirm", None))
    locked = [row for row in rows if row.codes.filter(ended_at=None, locked_at__isnull=False).exists()]
    wanted = [("unlock", row) for row in locked] + wanted
    return [(verb, row) for verb, row in wanted if verb in STEPS and caller.has_right(STEPS[verb].permission)]
