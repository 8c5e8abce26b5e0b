"""What can be done with an order now, the first being the one next step that its page shows."""

from collections.abc import Iterable, Sequence

from orders.models import Fulfilment, Method, Order, OrderLine

F = Fulfilment.Status
PICKUP = frozenset({Method.BOPIS, Method.CLICK_AND_COLLECT, Method.CURBSIDE})

_VERBS: dict[str, tuple[str, ...]] = {
    F.NEW: ("accept", "pick", "reject"),
    F.ACCEPTED: ("pick", "reject"),
    F.SHIPPED: ("deliver", "fail"),
    F.FAILED: ("ship",),
    F.READY: ("collect", "extend"),
}


def fulfilment_actions(row: Fulfilment) -> list[str]:
    """The verbs that this fulfilment takes now, the likeliest first."""
    pickup = row.method in PICKUP
    if row.status == F.PICKED:
        return ["ready", "pack", "reject"] if pickup else ["pack", "ship", "reject"]
    if row.status == F.PACKED:
        return ["ready"] if pickup else ["ship"]
    return list(_VERBS.get(row.status, ()))


def next_actions(
    order: Order, fulfilments: Sequence[Fulfilment], lines: Iterable[OrderLine], *, to_pay: int
) -> list[str]:
    """Names of the actions that the order takes now; the same words as in the addresses of the API."""
    rows = list(lines)
    actions: list[str] = []
    if order.status == Order.Status.AWAITING_PAYMENT:
        actions.append("pay")
    elif order.status != Order.Status.CANCELLED:
        for row in fulfilments:
            actions += [verb for verb in fulfilment_actions(row) if verb not in actions]
        if to_pay > 0:
            actions.append("pay")
    if order.status not in {Order.Status.CANCELLED, Order.Status.COMPLETED} and any(
        line.quantity > line.cancelled + line.fulfilled for line in rows
    ):
        actions.append("cancel")
    if any(line.fulfilled > line.returned for line in rows):
        actions.append("return")
    return actions
