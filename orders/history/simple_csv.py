"""The project's own sales CSV, for whatever another system can be made to write.

| column | meaning |
|---|---|
| `order` | number of the document there; all its lines are one order, or one return |
| `kind` | `sale`, `charge` (postage, fee), `return`, `charge_back`, `adjustment`, `write_off` |
| `placed_at` | date and time; without an offset it is the retailer's own time zone |
| `sku`, `name` | the variant, or the code of a charge |
| `quantity` | whole number; below zero for `return`, `charge_back` and `write_off` |
| `unit_price` | in major units, `12.50`; 0 for `write_off` |
| `currency` | ISO 4217, the same in the whole file |
| `customer` | the customer's id in that system; empty: not known |
| `country` | where the customer is; may be empty |
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone

from omni.core.money import CURRENCIES, round_half_up
from orders.history.lines import KINDS, Columns, Line, Refused, amount_of, check, price_of, quantity_of

COLUMNS = (
    "order",
    "kind",
    "placed_at",
    "sku",
    "name",
    "quantity",
    "unit_price",
    "currency",
    "customer",
    "country",
)
NAMES = Columns(document="order", sku="sku", name="name", quantity="quantity", price="unit_price", customer="customer")


def read(values: Sequence[str]) -> Line:
    """One line of the project's own CSV. Raises Refused."""
    document, kind, placed_at, sku, name, quantity_text, price_text, currency, customer, country = (
        value.strip() for value in values
    )
    if currency.upper() not in CURRENCIES:
        raise Refused("currency", "bad_currency", currency)
    quantity = quantity_of(quantity_text, "quantity")
    price = price_of(price_text, "unit_price", currency.upper())
    amount = amount_of(quantity, price, "unit_price")
    if kind not in KINDS:
        raise Refused("kind", "bad_kind", kind, amount)
    happened_at = _time(placed_at)
    if happened_at is None:
        raise Refused("placed_at", "bad_date", placed_at, amount)
    line = Line(
        kind=kind,
        document=document.upper(),
        sku=sku.upper(),
        name=name,
        quantity=quantity,
        unit_price=round_half_up(price),
        amount=amount,
        customer=customer,
        country=country,
        happened_at=happened_at,
        currency=currency.upper(),
    )
    return check(line, price, NAMES)


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else timezone.make_aware(at)).astimezone(UTC)
