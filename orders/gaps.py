"""Gaps between what a channel told and what we know, and promises that had to give way to what has happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.stock import Gap
from orders.models import Order, OrderEvent, OrderException


@dataclass(slots=True)
class Gaps:
    """Collected while an order is written down: (code, details)."""

    found: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(self, code: str, **details: Any) -> None:
        self.found.append((code, details))


def reroute(gaps: Sequence[Gap], *, by: str, now: datetime) -> None:
    """Orders that lost promised units to goods that had already left: the desk is told, line by line.

    Their other rows are not locked here (stock is locked already, and it comes last), so what the line is to
    become is decided by whoever settles the exception: sent from elsewhere, or rejected and paid back.
    """
    orders = {order.number: order for order in Order.objects.filter(number__in={gap.order for gap in gaps})}
    known = [gap for gap in gaps if gap.order in orders]
    OrderException.objects.bulk_create(
        [
            OrderException(
                order=orders[gap.order],
                code="short",
                details={"line": gap.line, "sku": gap.sku, "quantity": gap.quantity},
                raised_at=now,
            )
            for gap in known
        ]
    )
    OrderEvent.objects.bulk_create(
        [
            OrderEvent(
                order=orders[gap.order],
                kind="promise_gave_way",
                data={"line": gap.line, "sku": gap.sku, "quantity": gap.quantity},
                by=by[:100],
                happened_at=now,
            )
            for gap in known
        ]
    )
