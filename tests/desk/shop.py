"""A small shop to look at: stores, channels, colleagues, and orders written down as they are."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from omni.core.models import StaffPlace
from omni.desk.roles import ensure_roles
from orders.models import Fulfilment, FulfilmentLine, Method, Order, OrderLine, Return, ReturnLine
from tests.factories.catalog import VariantFactory
from tests.factories.core import StaffFactory

_serial = iter(range(10_001, 10**9))


def colleague(role: str, *stores: Any, username: str = "", password: str = "") -> Any:
    """Somebody of a role, who works in these stores (none: everywhere)."""
    user: Any = StaffFactory(username=username or role.lower().replace(" ", "-"))
    user.groups.add(Group.objects.filter(name=role).first() or ensure_roles()[role])
    if password:
        user.set_password(password)
        user.save()
    StaffPlace.objects.bulk_create([StaffPlace(user=user, location=store) for store in stores])
    return user


def sale(
    channel: Any,
    lines: list[tuple[Any, int, int, int]],
    *,
    at: datetime,
    store: Any = None,
    currency: str = "VND",
    status: str = Order.Status.COMPLETED,
    charges: int = 0,
    history: bool = False,
    number: str = "",
    **fields,
) -> Order:
    """An order of lines (variant, quantity, unit price, discount of the line), as the tables keep it."""
    listed = sum(quantity * price for _variant, quantity, price, _off in lines)
    off = sum(discount for *_line, discount in lines)
    with transaction.atomic():
        order = Order.objects.create(
            number=number or f"{channel.code[:1].upper()}-{next(_serial)}",
            channel=channel,
            location=store,
            status=status,
            currency=currency,
            list_total=listed,
            discount_total=off,
            charges_total=charges,
            charges=[{"code": "delivery", "amount": charges}] if charges else [],
            total=listed - off + charges,
            history=history,
            placed_at=at,
            **fields,
        )
        for position, (variant, quantity, price, discount) in enumerate(lines, start=1):
            OrderLine.objects.create(
                order=order,
                position=position,
                variant=variant,
                sku=variant.sku,
                name=str(variant.product),
                quantity=quantity,
                unit_price=price,
                list_total=quantity * price,
                discount_total=discount,
                total=quantity * price - discount,
            )
    return order


def fulfilment(order: Order, source: Any, *, status: str, now: datetime, **fields) -> Fulfilment:
    """How an order reaches its customer: all its lines, collected where they come from."""
    row = Fulfilment(
        order=order, method=Method.BOPIS, source=source, pickup=source, created_at=now, **{"status": "new", **fields}
    )
    row.save()
    for line in order.lines.all():
        FulfilmentLine.objects.create(fulfilment=row, order_line=line, quantity=line.quantity)
    for step in _STEPS[: _STEPS.index(status) + 1] if status in _STEPS else ():
        Fulfilment.objects.filter(pk=row.pk).update(status=step)
    row.refresh_from_db()
    return row


_STEPS = ["accepted", "picked", "ready"]


def came_back(order: Order, quantity: int, amount: int, *, at: datetime) -> Return:
    """Units of the order's first line that were returned."""
    line = order.lines.earliest("position")
    OrderLine.objects.filter(pk=line.pk).update(fulfilled=line.quantity, returned=quantity)
    back = Return.objects.create(
        number=f"R-{next(_serial)}", order=order, currency=order.currency, total=amount, returned_at=at
    )
    ReturnLine.objects.create(
        of=back, position=1, order_line=line, sku=line.sku, quantity=quantity, amount=amount, reason="size"
    )
    return back


def goods(sku: str, name: str, **fields) -> Any:
    return VariantFactory(sku=sku, product__handle=sku.lower(), product__name_vi=name, **fields)
