"""The steps that an order and a fulfilment may take. The database holds the same table and refuses the rest."""

from collections.abc import Mapping

from orders.models import Fulfilment, Order

O = Order.Status  # noqa: E741  two short names make the tables readable
F = Fulfilment.Status

ORDER: Mapping[str, frozenset[str]] = {
    "": frozenset({O.AWAITING_PAYMENT, O.PLACED, O.IN_PROGRESS, O.COMPLETED, O.CANCELLED}),
    O.AWAITING_PAYMENT: frozenset({O.PLACED, O.IN_PROGRESS, O.COMPLETED, O.CANCELLED}),
    O.PLACED: frozenset({O.IN_PROGRESS, O.COMPLETED, O.CANCELLED}),
    O.IN_PROGRESS: frozenset({O.COMPLETED, O.CANCELLED}),
    O.COMPLETED: frozenset(),
    O.CANCELLED: frozenset(),
}

FULFILMENT: Mapping[str, frozenset[str]] = {
    "": frozenset({F.NEW, F.COLLECTED, F.SHIPPED, F.DELIVERED}),
    # Collected at once: carried out of the store.
    F.NEW: frozenset({F.ACCEPTED, F.PICKED, F.COLLECTED, F.REJECTED, F.CANCELLED}),
    F.ACCEPTED: frozenset({F.PICKED, F.REJECTED, F.CANCELLED}),
    F.PICKED: frozenset({F.PACKED, F.READY, F.SHIPPED, F.REJECTED, F.CANCELLED}),
    F.PACKED: frozenset({F.READY, F.SHIPPED, F.CANCELLED}),
    F.READY: frozenset({F.COLLECTED, F.EXPIRED, F.CANCELLED}),
    F.SHIPPED: frozenset({F.DELIVERED, F.FAILED}),
    F.FAILED: frozenset({F.SHIPPED, F.CANCELLED}),
    F.COLLECTED: frozenset(),
    F.DELIVERED: frozenset(),
    F.REJECTED: frozenset(),
    F.EXPIRED: frozenset(),
    F.CANCELLED: frozenset(),
}

MACHINES: Mapping[str, Mapping[str, frozenset[str]]] = {"order": ORDER, "fulfilment": FULFILMENT}


def may_become(machine: str, before: str, after: str) -> bool:
    """Whether a step is listed."""
    return after in MACHINES[machine].get(before, frozenset())
