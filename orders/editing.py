"""Changing an order that was placed: fewer units now; more are a new order, so that no promise is unmade."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from omni.core.db import write
from omni.core.errors import NotFound, Unprocessable
from orders.cancelling import LineWish, UnknownLine, cancel_order
from orders.models import Order, OrderLine
from orders.worth_of_orders import balance_of, units_worth


class MoreNotOffered(Unprocessable):
    code = "not_offered"
    message = _("An order can be made smaller. For more units or other goods place another order.")


def preview_edit(*, order_id: int, lines: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """What editing would change: per line, and what would go back, in minor units. Changes nothing."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise NotFound
    rows = list(order.lines.order_by("position"))
    fewer = _fewer(rows, lines)
    before = balance_of(order, rows, order.payments.all())
    worth = sum(units_worth(order, row, fewer[row.sku]) for row in rows if fewer.get(row.sku))
    return {
        "number": order.number,
        "currency": order.currency,
        "lines": [
            {"sku": row.sku, "before": row.quantity - row.cancelled, "after": row.quantity - row.cancelled - off}
            for row in rows
            if (off := fewer.get(row.sku, 0))
        ],
        "difference": -worth,
        "charge": 0,
        "refund": min(max(before.paid - (before.due - worth), 0), before.paid),
        "total": before.due - worth,
    }


def edit_order(*, order_id: int, lines: Sequence[tuple[str, int]], by: str, now: datetime) -> Order:
    """Bring lines down to the wanted (sku, quantity); what is not named stays. Raises MoreNotOffered, UnknownLine,
    and what cancelling raises."""
    with write():
        order = Order.objects.filter(pk=order_id).select_related("channel", "location").first()
        if order is None:
            raise NotFound
        fewer = _fewer(list(order.lines.order_by("position")), lines)
        wishes = [LineWish(sku, count) for sku, count in fewer.items() if count]
        if not wishes:
            return order
        return cancel_order(order_id=order_id, lines=wishes, reason="edited", by=by, now=now)[0]


def _fewer(rows: Sequence[OrderLine], lines: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    """How many units of each SKU would go."""
    current: dict[str, int] = {}
    for row in rows:
        current[row.sku] = current.get(row.sku, 0) + row.quantity - row.cancelled
    fewer: dict[str, int] = {}
    for index, (sku, wanted) in enumerate(lines):
        if sku not in current:
            raise MoreNotOffered(param=f"lines[{index}].sku") if wanted else UnknownLine(param=f"lines[{index}].sku")
        if wanted > current[sku]:
            raise MoreNotOffered(param=f"lines[{index}].quantity", details={"sku": sku, "ordered": current[sku]})
        fewer[sku] = current[sku] - wanted
    return fewer
