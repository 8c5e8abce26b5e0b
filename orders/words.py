"""What happened to an order, and what a gap is, as people say it."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, Promise] = {
    "accepted": _("Accepted by the store"),
    "arrived": _("The customer has arrived"),
    "awaiting_payment": _("Placed, waits for its payment"),
    "cancelled": _("Cancelled"),
    "changed": _("Changed"),
    "cod": _("Paid on delivery"),
    "code_issued": _("Pick-up code made"),
    "code_locked": _("Pick-up code locked"),
    "code_unlocked": _("Pick-up code unlocked"),
    "collected": _("Collected"),
    "completed": _("Completed"),
    "delivered": _("Delivered"),
    "edited": _("Changed"),
    "exception_settled": _("Exception settled"),
    "expired": _("Not collected in time"),
    "extended": _("Pick-up extended"),
    "failed": _("Could not be delivered"),
    "hold_expired": _("Not paid in time"),
    "not_paid": _("The payment did not come"),
    "packed": _("Packed"),
    "paid": _("Paid"),
    "payment_confirmed": _("Payment confirmed"),
    "picked": _("Picked"),
    "picking": _("Being picked"),
    "placed": _("Placed"),
    "promise_gave_way": _("A promised unit was sold by somebody else"),
    "ready": _("Ready to collect"),
    "recorded": _("Taken over from the channel"),
    "refunded": _("Refunded"),
    "rejected": _("The store does not have it"),
    "rerouted": _("Sent from another place"),
    "returned": _("Goods came back"),
    "shipped": _("Shipped"),
    "substituted": _("Replaced by something as good"),
}
EXCEPTIONS: dict[str, Promise] = {
    "location_assumed": _("The channel named no place; one was assumed"),
    "no_location": _("No place is known for this order"),
    "payment_not_in_ledger": _("Paid with points or a card that our books do not know"),
    "payment_not_understood": _("The channel told of a payment that we do not know"),
    "payments_differ": _("The payments are not the total"),
    "sale_not_found": _("Goods came back whose sale was not found"),
    "short": _("Fewer are there than were promised"),
    "total_differs": _("The channel's total is not ours"),
    "unknown_customer": _("The customer is not known"),
    "unknown_location": _("The channel named a place that we do not know"),
    "unknown_sku": _("The channel sold a SKU that we do not know"),
}


def event_words(kind: str) -> str:
    """`code_unlocked`, also as `fulfilment.collected`, in words; a kind without words with its own letters."""
    plain = kind.removeprefix("fulfilment.").removeprefix("order.")
    return str(EVENTS.get(plain) or plain.replace("_", " ").capitalize())


def exception_words(code: str) -> str:
    return str(EXCEPTIONS.get(code) or code.replace("_", " ").capitalize())
