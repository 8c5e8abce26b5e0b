"""Sales by channel and by store: the pattern for every other report."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from omni.core.models import Channel, Location
from omni.core.money import share_of
from omni.reports.base import Column, Filters, Group, Row, Section, Table, Text
from omni.reports.charts import Bar, bar_chart
from omni.reports.figures import show
from omni.reports.periods import Period
from omni.reports.sales import SOLD, Place, Sold, sold_in

COLUMNS = (
    Column("orders", _("Orders"), _("Orders placed in the period that were paid or accepted and not cancelled.")),
    Column("units", _("Units"), _("Units in those orders, without cancelled ones.")),
    Column("gross", _("Gross sales"), _("Those units at their list price, tax as the price has it."), "money"),
    Column("discounts", _("Discounts"), _("Promotions, coupons and other reductions."), "money", None),
    Column(
        "returns", _("Returns"), _("Refunded for goods that came back in the period, whenever sold."), "money", False
    ),
    Column(
        "net",
        _("Net sales"),
        _(
            "What customers keep or still owe for the goods: gross sales less discounts and returns; without cancelled"
            " or replaced units, delivery and fees."
        ),
        "money",
    ),
    Column("share", _("Share"), _("Of net sales of all rows."), "share", None),
    Column("average", _("Average order"), _("Gross sales less discounts, divided by orders."), "money"),
    Column("charges", _("Delivery and fees"), _("Charged on top of the goods."), "money", None),
)


class SalesByChannel:
    """Orders, units and money by channel, and again by store."""

    code = "sales-by-channel"
    title: Text = _("Sales by channel")
    about: Text = _("What each channel and each store sold, what came back, and how that compares.")
    definition: Sequence[Text] = (
        _("A return counts on the channel and at the store of its sale, on the day it came back."),
        _("The store of an order is where it was sold, else where it is collected, else where it is sent from."),
        _("Amounts of different currencies are never added together."),
    )

    def compute(self, period: Period, compare: Period | None, filters: Filters, *, now: datetime) -> Table:
        """Both periods, grouped; a section a currency, the largest first. Amounts in minor units."""
        sold = sold_in(period, filters)
        before = sold_in(compare, filters) if compare else {}
        found = sorted({place[0] for place in (*sold, *before)}, key=lambda code: (-_orders_in(sold, code), code))
        names = _Names(period)
        return Table(
            columns=COLUMNS,
            sections=[_section(code, sold, before, names) for code in found if filters.currency in ("", code)],
            currencies=found,
            as_of=now,
        )


class _Names:
    """What channels and stores are called, and the address of the orders behind them."""

    def __init__(self, period: Period) -> None:
        self.channels = dict(Channel.objects.values_list("id", "name"))
        self.stores = dict(Location.objects.values_list("id", "name"))
        self.period = period

    def channel(self, key: int | None) -> str:
        return self.channels.get(key, gettext("No channel")) if key else gettext("No channel")

    def store(self, key: int | None) -> str:
        return self.stores.get(key, gettext("No store")) if key else gettext("No store")

    def orders(self, currency: str, field: str, key: int | None) -> str:
        """The list of orders of a channel or store in the period, where that list is known."""
        if key is None:
            return ""
        try:
            address = reverse("admin:orders_order_changelist")
        except NoReverseMatch:
            return ""
        query = {
            field: key,
            "currency": currency,
            "status__in": ",".join(SOLD),
            "placed_at__gte": self.period.starts_at.isoformat(),
            "placed_at__lt": self.period.ends_at.isoformat(),
        }
        return f"{address}?{urlencode(query)}"


def _section(currency: str, sold: dict[Place, Sold], before: dict[Place, Sold], names: _Names) -> Section:
    groups = [
        _group("channel", _("By channel"), currency, sold, before, lambda place: place[1], names.channel, names),
        _group("store", _("By store"), currency, sold, before, lambda place: place[2], names.store, names),
    ]
    bars = [
        Bar(
            label=str(row.label),
            value=row.figures["net"] or 0,
            before=row.before.get("net") if row.before else None,
            shown=show(row.figures["net"], "money", currency),
            shown_before=show(row.before.get("net"), "money", currency) if row.before else "",
        )
        for row in groups[0].rows
    ]
    chart = bar_chart(
        bars,
        name=f"net-{currency}",
        title=gettext("Net sales by channel, %(currency)s") % {"currency": currency},
        description=gettext("One bar a channel, the same figures as in the table below."),
    )
    return Section(currency=currency, groups=groups, chart=chart)


def _group(
    code: str,
    title: Text,
    currency: str,
    sold: dict[Place, Sold],
    before: dict[Place, Sold],
    key_of: Callable[[Place], int | None],
    name_of: Callable[[int | None], str],
    names: _Names,
) -> Group:
    own = _gather(currency, sold, key_of)
    earlier = _gather(currency, before, key_of)
    total, total_before = _sum(own.values()), _sum(earlier.values())
    field = "channel__id__exact" if code == "channel" else "store"
    rows = [
        Row(
            label=name_of(key),
            figures=_figures(own.get(key, Sold()), total),
            before=_figures(earlier.get(key, Sold()), total_before) if before else {},
            link=names.orders(currency, field, key) if key in own else "",
        )
        for key in {**own, **earlier}
    ]
    rows.sort(key=lambda row: (-(row.figures["net"] or 0), str(row.label)))
    return Group(
        code=code,
        title=title,
        rows=rows,
        total=Row(gettext("In all"), _figures(total, total), _figures(total_before, total_before) if before else {}),
    )


def _gather(currency: str, sold: dict[Place, Sold], key_of: Callable[[Place], int | None]) -> dict[int | None, Sold]:
    gathered: dict[int | None, Sold] = {}
    for place, sums in sold.items():
        if place[0] == currency:
            gathered.setdefault(key_of(place), Sold()).add(sums)
    return gathered


def _sum(parts: Iterable[Sold]) -> Sold:
    total = Sold()
    for part in parts:
        total.add(part)
    return total


def _figures(sold: Sold, total: Sold) -> dict[str, int | None]:
    return {
        "orders": sold.orders,
        "units": sold.units,
        "gross": sold.gross,
        "discounts": sold.discounts,
        "returns": sold.returns,
        "net": sold.net,
        "share": share_of(sold.net, 1000, total.net) if total.net > 0 else None,
        "average": share_of(sold.goods, 1, sold.orders) if sold.orders else None,
        "charges": sold.charges,
    }


def _orders_in(sold: dict[Place, Sold], currency: str) -> int:
    return sum(sums.orders for place, sums in sold.items() if place[0] == currency)
