"""What pricing may know of who buys, filled from the customer's facts."""

from catalog.pricing import Buyer
from customers.facts import get_facts


def buyer_of(customer_id: int | None) -> Buyer:
    """The frozen buyer of a customer, or of a guest (None), of whom nothing is known."""
    if customer_id is None:
        return Buyer()
    facts = get_facts(customer_id)
    return Buyer(
        segments=frozenset(facts.segments),
        tier=facts.tier,
        has_ordered=facts.orders_count > 0,
        known=True,
    )
