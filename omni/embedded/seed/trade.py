"""Ninety days of trade of the demo retailer, written in bulk as the use cases would have left it."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from catalog.models import Movement, Price, Variant
from customers.models import SourceRecord
from omni.core.models import Channel, Location
from omni.core.money import share_of
from orders.facts import refresh_facts
from orders.models import Fulfilment, FulfilmentLine, Method, Order, OrderEvent, OrderLine, Payment, Tender
from orders.numbers import next_order_numbers

DAYS = 90
ORDERS = 2400
# Minor units that earn a point.
EARN_PER = 10_000

# How much of the trade each channel has, and how its goods reach people and are paid.
SHARES = {"till": 34, "web": 22, "app": 20, "shopee": 12, "social": 7, "call": 5}
METHODS = {
    "till": [Method.CARRY_OUT],
    "web": [Method.DELIVERY, Method.DELIVERY, Method.BOPIS],
    "app": [Method.DELIVERY, Method.BOPIS],
    "shopee": [Method.DELIVERY],
    "social": [Method.DELIVERY],
    "call": [Method.DELIVERY, Method.BOPIS],
}
TENDERS = {
    "till": [Tender.CASH, Tender.CASH, Tender.CARD],
    "web": [Tender.CARD, Tender.WALLET, Tender.COD],
    "app": [Tender.WALLET, Tender.CARD],
    "shopee": [Tender.WALLET],
    "social": [Tender.COD],
    "call": [Tender.COD],
}


@dataclass(slots=True)
class Trade:
    """The rows of the whole trade before they are written."""

    orders: list[Order] = field(default_factory=list)
    lines: list[OrderLine] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    fulfilments: list[Fulfilment] = field(default_factory=list)
    fulfilment_lines: list[FulfilmentLine] = field(default_factory=list)
    events: list[OrderEvent] = field(default_factory=list)
    sales: list[Movement] = field(default_factory=list)

    def sold(self) -> dict[tuple[int, int], int]:
        """Units that left, by variant and location: what must have been received before."""
        units: dict[tuple[int, int], int] = defaultdict(int)
        for sale in self.sales:
            units[sale.variant_id, sale.location_id] -= sale.quantity
        return units

    def write_orders(self) -> None:
        Order.objects.bulk_create(self.orders, batch_size=1000)
        OrderLine.objects.bulk_create(self.lines, batch_size=2000)
        Payment.objects.bulk_create(self.payments, batch_size=2000)
        Fulfilment.objects.bulk_create(self.fulfilments, batch_size=2000)
        FulfilmentLine.objects.bulk_create(self.fulfilment_lines, batch_size=2000)
        OrderEvent.objects.bulk_create(self.events, batch_size=2000)
        refresh_facts(None)

    def write_sales(self) -> None:
        Movement.objects.bulk_create(self.sales, batch_size=2000)


def imagine_trade(*, records: list[SourceRecord], variants: list[Variant], now: datetime, random: Random) -> Trade:
    """2,400 completed orders, busier in the evening, at weekends and lately; a few people buy most."""
    trade = Trade()
    channels = {channel.code: channel for channel in Channel.objects.filter(can_sell=True)}
    stores = list(Location.objects.filter(kind=Location.Kind.STORE))
    warehouse = Location.objects.get(kind=Location.Kind.WAREHOUSE)
    price_of = dict(Price.objects.filter(valid_until=None).values_list("variant_id", "amount"))
    codes = random.choices(list(SHARES), weights=list(SHARES.values()), k=ORDERS)
    times = sorted(_when(random, now) for _ in range(ORDERS))
    numbers = next_order_numbers([channels[code] for code in codes])
    for code, number, placed_at in zip(codes, numbers, times, strict=True):
        method = random.choice(METHODS[code])
        store = random.choices(stores, weights=[6, 3, 5, 3, 2, 2])[0]
        source = warehouse if method == Method.DELIVERY else store
        known = code != "till" or random.random() < 0.7
        record = records[min(int(random.paretovariate(0.7) * 12), len(records) - 1)] if known else None
        order = Order(
            number=number,
            channel=channels[code],
            location=store if code == "till" else None,
            source_record=record,
            status=Order.Status.COMPLETED,
            currency="VND",
            placed_at=placed_at,
            completed_at=placed_at + timedelta(days=3 if method == Method.DELIVERY else 0),
            contact={},
        )
        _add_lines(trade, order, random.choices(variants, k=random.choice([1, 1, 2, 2, 3])), price_of, random)
        _add_rest(trade, order, method, source, random.choice(TENDERS[code]))
    return trade


def _add_lines(trade: Trade, order: Order, chosen: list[Variant], price_of: dict[int, int], random: Random) -> None:
    total = tax_total = 0
    for position, variant in enumerate({variant.pk: variant for variant in chosen}.values(), start=1):
        quantity = random.choice([1, 1, 1, 2])
        rate = variant.product.category.tax_rate
        amount = price_of[variant.pk] * quantity
        tax = share_of(amount, rate, 10_000 + rate)
        trade.lines.append(
            OrderLine(
                order=order,
                position=position,
                variant=variant,
                sku=variant.sku,
                name=variant.product.name_vi,
                quantity=quantity,
                fulfilled=quantity,
                unit_price=price_of[variant.pk],
                list_total=amount,
                total=amount,
                tax=tax,
                tax_rate=rate,
            )
        )
        total, tax_total = total + amount, tax_total + tax
    order.list_total = order.total = total
    order.tax_total = tax_total
    order.points_earned = total // EARN_PER if order.source_record is not None else 0
    trade.orders.append(order)


def _add_rest(trade: Trade, order: Order, method: Method, source: Location, tender: Tender) -> None:
    at, ended = order.placed_at, order.completed_at or order.placed_at
    delivered = method == Method.DELIVERY
    fulfilment = Fulfilment(
        order=order,
        method=method,
        status=Fulfilment.Status.DELIVERED if delivered else Fulfilment.Status.COLLECTED,
        source=source,
        pickup=None if delivered else source,
        created_at=at,
        ended_at=ended,
    )
    trade.fulfilments.append(fulfilment)
    trade.payments.append(
        Payment(
            order=order, tender=tender, status=Payment.Status.CAPTURED, amount=order.total, created_at=at,
            captured_at=ended if tender == Tender.COD else at,
        )
    )  # fmt: skip
    for kind, moment in (("placed", at), ("completed", ended)):
        trade.events.append(OrderEvent(order=order, kind=kind, by=f"key:{order.channel.code}", happened_at=moment))
    for line in [line for line in trade.lines[-3:] if line.order is order]:
        trade.fulfilment_lines.append(
            FulfilmentLine(fulfilment=fulfilment, order_line=line, quantity=line.quantity, picked=line.quantity)
        )
        trade.sales.append(
            Movement(
                variant=line.variant,
                location=source,
                quantity=-line.quantity,
                reason=Movement.Reason.SALE,
                source_kind="order",
                source=order.number,
                moved_by=f"key:{order.channel.code}",
                moved_at=ended,
            )
        )


def _when(random: Random, now: datetime) -> datetime:
    """A moment of the last 90 days in shop hours of Ho Chi Minh City (UTC+7), later days and weekends busier."""
    while True:
        day = now - timedelta(days=1 + DAYS * (1 - random.random() ** 0.8))
        if day.weekday() < 5 and random.random() < 0.25:
            continue
        hour = random.choices(range(9, 22), weights=[2, 3, 4, 4, 3, 3, 3, 4, 5, 7, 8, 7, 4])[0]
        moment = day.replace(hour=hour, minute=random.randint(0, 59), second=random.randint(0, 59)) - timedelta(hours=7)
        return min(moment, now - timedelta(days=4))
