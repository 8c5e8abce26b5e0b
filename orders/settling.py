"""Exceptions are settled by a colleague, with a note of what was done."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from omni.core.db import lock, write
from orders.events import happened
from orders.models import OrderException


def settle_exceptions(*, exceptions: Collection[int], note: str, user: Any, by: str, now: datetime) -> int:
    """Mark open exceptions as settled and tell it on their orders; returns how many were open. Locks the rows."""
    with write():
        rows = lock(OrderException.objects.filter(pk__in=exceptions, settled_at=None).select_related("order"))
        for row in rows:
            row.settled_at, row.settled_by, row.note = now, user, note
            row.save(update_fields=["settled_at", "settled_by", "note"])
            if row.order is not None:
                happened(row.order, "exception_settled", by=by, now=now, data={"code": row.code, "note": note})
        return len(rows)
