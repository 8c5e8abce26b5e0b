"""What bringing the goods costs, by method; the same on every channel."""

from catalog.pricing import DELIVERY, Charge
from orders.models import Method

# Minor units by currency; a method or currency that is not listed is free.
DELIVERY_FEES: dict[str, dict[str, int]] = {
    Method.DELIVERY: {"VND": 30_000, "USD": 150},
    Method.SHIP_FROM_STORE: {"VND": 30_000, "USD": 150},
}


def charges_for(method: str | None, currency: str) -> tuple[Charge, ...]:
    """The charges of receiving an order that way."""
    fee = DELIVERY_FEES.get(method or "", {}).get(currency, 0)
    return (Charge(DELIVERY, fee),) if fee else ()
