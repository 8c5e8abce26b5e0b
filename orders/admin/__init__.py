"""Orders in the desk: history is read, and an order's page shows the one next step."""

from orders.admin import order, records, work

__all__ = ["order", "records", "work"]
