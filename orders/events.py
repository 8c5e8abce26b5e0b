"""What happens to an order is written down, and told to whom it concerns after the commit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from omni.core.outbox import Change, note
from orders.models import Order, OrderEvent


def happened(
    order: Order,
    kind: str,
    *,
    by: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    tell: str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Append an event to the order, and note it in the outbox under `tell` where others are to hear of it."""
    OrderEvent.objects.create(order=order, kind=kind, data=dict(data or {}), by=by[:100], happened_at=now)
    if tell is not None:
        note([Change(tell, order.number, payload=dict(payload or {}))], now=now)
