"""What an order still costs and what has been paid towards it, from its rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from orders.models import Order, OrderLine, Payment
from orders.worth import value_of_units


def line_worth(order: Order, line: OrderLine) -> int:
    """What the whole line was sold for, tax included: what its units are worth when they come back."""
    return line.total if order.tax_included else line.total + line.tax


def units_worth(order: Order, line: OrderLine, count: int) -> int:
    """What the next `count` units that leave the order (cancelled or returned) are worth."""
    return value_of_units(line_worth(order, line), line.quantity, line.cancelled + line.returned, count)


def gone_worth(order: Order, line: OrderLine) -> int:
    """What the units that were cancelled or returned so far were worth."""
    return value_of_units(line_worth(order, line), line.quantity, 0, line.cancelled + line.returned)


def returned_worth(order: Order, lines: Iterable[OrderLine]) -> int:
    """What the units that came back so far were worth; cancelled units are counted before returned ones."""
    return sum(
        gone_worth(order, line) - value_of_units(line_worth(order, line), line.quantity, 0, line.cancelled)
        for line in lines
    )


@dataclass(frozen=True, slots=True)
class Balance:
    """`due`: what the customer keeps costs so much; `paid`: captured and not given back; `promised`: pending."""

    due: int
    paid: int
    promised: int

    @property
    def to_pay(self) -> int:
        """What is still missing in captured money."""
        return max(self.due - self.paid, 0)

    @property
    def uncovered(self) -> int:
        """What is neither paid nor promised."""
        return max(self.due - self.paid - self.promised, 0)


def balance_of(order: Order, lines: Iterable[OrderLine], payments: Iterable[Payment]) -> Balance:
    """The order's balance: charges fall away only when every unit was cancelled before it was handed over."""
    rows = list(lines)
    kept = sum(line_worth(order, line) - gone_worth(order, line) for line in rows)
    other = order.total - order.charges_total - sum(line_worth(order, line) for line in rows)
    all_cancelled = bool(rows) and all(line.cancelled == line.quantity for line in rows)
    due = 0 if all_cancelled else kept + order.charges_total + other
    paid = sum(p.amount - p.refunded for p in payments if p.status == Payment.Status.CAPTURED)
    promised = sum(p.amount for p in payments if p.status == Payment.Status.PENDING)
    return Balance(due=due, paid=paid, promised=promised)
