"""What tests of the history import share: the small file, importing it, and all that it wrote as plain values."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from django.db.models import F, QuerySet

from customers.models import Membership
from omni.core.models import Channel
from orders.history.importing import Tell, import_sales
from orders.history.result import Result
from orders.models import HistoryAdjustment, Order, OrderException, OrderLine, Payment, Refund, Return, ReturnLine
from tests.factories.core import ChannelFactory

SMALL = Path(__file__).parent / "data" / "online_retail.csv"
SAMPLE = Path(__file__).parents[2] / "orders" / "history" / "samples" / "sales.csv"
NOW = datetime(2026, 6, 17, 5, 0, tzinfo=UTC)


def make_channel(code: str) -> Channel:
    return cast(Channel, ChannelFactory(code=code))


def take_in(channel: Channel | None = None, path: Path = SMALL, tell: Tell | None = None) -> Result:
    channel = channel or make_channel("web")
    form = "csv" if path.name == "sales.csv" else "online-retail"
    return import_sales(path=path, form=form, channel=channel, now=NOW, tell=tell)


def written(channel: Channel) -> dict[str, list[tuple[Any, ...]]]:
    """All that stands under a channel, without numbers that the database gave."""

    def rows(queryset: QuerySet[Any], *names: str) -> list[tuple[Any, ...]]:
        return sorted(map(tuple, queryset.values_list(*names)), key=repr)

    money = ("list_total", "charges_total", "total", "currency")
    lines = OrderLine.objects.filter(order__channel=channel)
    return {
        "orders": rows(
            Order.objects.filter(channel=channel),
            *("external_id", "status", "history", "placed_at", "source_record__external_id", "charges", *money),
        ),
        "lines": rows(lines, "order__external_id", "position", "sku", "name", "quantity", "total", "returned"),
        "payments": rows(Payment.objects.filter(order__channel=channel), "order__external_id", "amount", "refunded"),
        "returns": rows(
            Return.objects.filter(channel=channel), "external_id", "order__external_id", "total", "returned_at"
        ),
        "return lines": rows(
            ReturnLine.objects.filter(of__channel=channel),
            *("of__external_id", "position", "sku", "quantity", "amount"),
            *("order_line__order__external_id", "order_line__position"),
        ),
        "refunds": rows(
            Refund.objects.filter(of_return__channel=channel),
            *("of_return__external_id", "amount", "payment__order__external_id"),
        ),
        "exceptions": rows(
            OrderException.objects.filter(of_return__channel=channel), "code", "of_return__external_id", "details"
        ),
        "beside": rows(
            HistoryAdjustment.objects.filter(channel=channel),
            *("external_id", "position", "kind", "sku", "quantity", "amount", "row", "source_record__external_id"),
        ),
        "customers": rows(
            Membership.objects.filter(source_record__channel=channel),
            *("source_record__external_id", "customer__name", "customer__address"),
        ),
    }


def sums_hold(channel: Channel) -> bool:
    """What the audit looks for: lines make orders, refunds stay within captures, returns within fulfilments."""
    payments = Payment.objects.filter(order__channel=channel)
    return not (
        OrderLine.objects.filter(order__channel=channel, returned__gt=F("fulfilled")).exists()
        or payments.filter(refunded__gt=F("amount")).exists()
        or Order.objects.filter(channel=channel).exclude(total=F("list_total") + F("charges_total")).exists()
    )
