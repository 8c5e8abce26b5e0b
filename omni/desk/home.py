"""The home page: what today brings and what waits for somebody, for the stores of the colleague who looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import ReviewPair
from omni.core import clock
from omni.core.api.callers import caller_of_user
from omni.core.db import fetch_all
from omni.core.models import Channel, Location
from omni.desk.channel_state import ChannelState, channel_states
from omni.reports import figures
from omni.reports.periods import make_period, shop_zone
from omni.reports.sales import CANCELLED_OF_ORDER, SOLD, STORE_OF_ORDER


@dataclass(slots=True)
class Sales:
    """Orders and their totals (minor units, with delivery, without cancelled units) of a part of a day."""

    orders: int = 0
    total: int = 0


@dataclass(slots=True)
class Day:
    """Today until now beside the same weekday a week before until the same time."""

    today: Sales = field(default_factory=Sales)
    before: Sales = field(default_factory=Sales)

    @property
    def orders_change(self) -> str:
        return figures.show_change(figures.change(self.today.orders, self.before.orders))

    @property
    def total_change(self) -> str:
        return figures.show_change(figures.change(self.today.total, self.before.total))

    @property
    def orders_tone(self) -> str:
        return _tone(self.today.orders, self.before.orders)

    @property
    def total_tone(self) -> str:
        return _tone(self.today.total, self.before.total)


@dataclass(frozen=True, slots=True)
class DayOfCurrency:
    """The day in one currency: in all and by channel, the strongest first."""

    currency: str
    whole: Day
    channels: Sequence[tuple[str, Day]]


@dataclass(frozen=True, slots=True)
class Queue:
    """Work that waits: how much, where to see it, and whether it hurts already."""

    title: Promise
    words: Promise
    waiting: int
    link: str
    icon: str
    tone: str = "even"


def _tone(now: int, before: int) -> str:
    """Whether a figure is good news beside the one of a week before."""
    if not before or now == before:
        return "even"
    return "good" if now > before else "bad"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by Unfold for the admin's first page."""
    assert isinstance(request.user, User)
    user, now = request.user, clock.now()
    places = caller_of_user(user).places
    context["as_of"] = now
    context["title"] = _("Home")
    context["stores"] = list(Location.objects.filter(pk__in=places).values_list("name", flat=True)) if places else []
    context["days"] = days_of(places, now=now) if user.has_perm("orders.view_order") else None
    context["queues"] = queues_of(user, places, now=now)
    context["channel_states"] = _channel_states(user, now)
    return context


def days_of(places: frozenset[int] | None, *, now: datetime) -> list[DayOfCurrency]:
    """Sales of today by currency and channel. One statement over the index on `placed_at`."""
    today = make_period("today", now=now)
    week = timedelta(days=7)
    local = now.astimezone(shop_zone())
    params = {
        "today": today.starts_at,
        "now": now,
        "then": today.starts_at - week,
        "then_now": (local - week),
        "sold": list(SOLD),
        "everywhere": places is None,
        "places": sorted(places or ()),
    }
    names = dict(Channel.objects.values_list("id", "name"))
    days: dict[str, dict[str, Day]] = {}
    for currency, channel, *sums in fetch_all(_DAY, params):
        orders, total, orders_before, total_before = (int(value) for value in sums)
        day = Day(Sales(orders, total), Sales(orders_before, total_before))
        days.setdefault(currency, {})[names.get(channel, "?")] = day
    return sorted(
        (_of_currency(currency, channels) for currency, channels in days.items()),
        key=lambda day: (-day.whole.today.orders, day.currency),
    )


def queues_of(user: User, places: frozenset[int] | None, *, now: datetime) -> list[Queue]:
    """What waits at these stores, of what this colleague may see."""
    queues: list[Queue] = []
    if user.has_perm("orders.view_fulfilment"):
        queues += _fulfilment_queues(places, now)
    if user.has_perm("orders.view_order"):
        queues.append(_unpaid(places))
    if user.has_perm("orders.view_orderexception"):
        queues.append(_exceptions(places))
    if user.has_perm("customers.view_reviewpair"):
        queues.append(_pairs())
    return queues


def _fulfilment_queues(places: frozenset[int] | None, now: datetime) -> list[Queue]:
    at = sorted(places) if places is not None else list(Location.objects.values_list("id", flat=True))
    to_pick, ready, late, shipped = fetch_all(_FULFILMENTS, {"at": at, "now": now})[0]
    here = {"source__id__exact": at[0]} if places is not None and len(at) == 1 else {}
    return [
        Queue(
            _("To pick"),
            _("Accepted and new orders that nobody has picked yet"),
            int(to_pick),
            _list("orders_fulfilment", status__in="new,accepted,picked,packed", **here),
            "shopping_basket",
        ),
        Queue(
            _("Late"),
            _("Promised for a time that has passed"),
            int(late),
            _list(
                "orders_fulfilment", status__in="new,accepted,picked,packed", promised_at__lt=now.isoformat(), **here
            ),
            "alarm",
            "bad",
        ),
        Queue(
            _("Ready, waiting"),
            _("Ready for customers to collect"),
            int(ready),
            _list("orders_fulfilment", status__in="ready"),
            "front_hand",
        ),
        Queue(
            _("Failed deliveries"),
            _("Shipments that did not reach the customer"),
            int(shipped),
            _list("orders_fulfilment", status__in="failed", **here),
            "local_shipping",
            "bad",
        ),
    ]


def _unpaid(places: frozenset[int] | None) -> Queue:
    waiting = fetch_all(_UNPAID, {"everywhere": places is None, "places": sorted(places or ())})[0][0]
    return Queue(
        _("Unpaid holds"),
        _("Orders that hold stock until they are paid"),
        int(waiting),
        _list("orders_order", status__in="awaiting_payment"),
        "hourglass_top",
        "warn",
    )


def _exceptions(places: frozenset[int] | None) -> Queue:
    waiting = fetch_all(_EXCEPTIONS, {"everywhere": places is None, "places": sorted(places or ())})[0][0]
    return Queue(
        _("Open exceptions"),
        _("Gaps between what a channel told and what we know"),
        int(waiting),
        _list("orders_orderexception", settled_at__isnull="True"),
        "report",
        "warn",
    )


def _pairs() -> Queue:
    return Queue(
        _("Pairs to review"),
        _("Records that may be one person"),
        ReviewPair.objects.filter(settled_at=None).count(),
        _list("customers_reviewpair", settled_at__isnull="True"),
        "compare_arrows",
    )


def _channel_states(user: User, now: datetime) -> list[ChannelState] | None:
    return channel_states(now=now) if user.has_perm("channels.view_delivery") else None


def _of_currency(currency: str, channels: dict[str, Day]) -> DayOfCurrency:
    whole = Day()
    for day in channels.values():
        for part, sums in ((whole.today, day.today), (whole.before, day.before)):
            part.orders += sums.orders
            part.total += sums.total
    strongest = sorted(channels.items(), key=lambda item: (-item[1].today.total, item[0]))
    return DayOfCurrency(currency, whole, strongest)


def _list(model: str, **query: Any) -> str:
    try:
        return f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}"
    except NoReverseMatch:
        return ""


_DAY = f"""
SELECT o.currency, o.channel_id,
       count(*) FILTER (WHERE o.placed_at >= %(today)s),
       coalesce(sum(o.total - {CANCELLED_OF_ORDER}) FILTER (WHERE o.placed_at >= %(today)s), 0),
       count(*) FILTER (WHERE o.placed_at < %(today)s),
       coalesce(sum(o.total - {CANCELLED_OF_ORDER}) FILTER (WHERE o.placed_at < %(today)s), 0)
FROM orders_order o
WHERE ((o.placed_at >= %(today)s AND o.placed_at <= %(now)s)
       OR (o.placed_at >= %(then)s AND o.placed_at <= %(then_now)s))
  AND o.status = ANY(%(sold)s) AND NOT o.history
  AND (%(everywhere)s OR {STORE_OF_ORDER} = ANY(%(places)s::bigint[]))
GROUP BY 1, 2
"""  # noqa: S608  built from the constants above alone

# Two branches so that each uses its own index; a store's customers collect also what another place sends there.
_FULFILMENTS = """
SELECT count(*) FILTER (WHERE f.status IN ('new', 'accepted', 'picked', 'packed') AND f.source_id = ANY(%(at)s)),
       count(*) FILTER (WHERE f.status = 'ready'),
       count(*) FILTER (WHERE f.status IN ('new', 'accepted', 'picked', 'packed') AND f.promised_at < %(now)s),
       count(*) FILTER (WHERE f.status = 'failed' AND f.source_id = ANY(%(at)s))
FROM orders_fulfilment f
WHERE f.status IN ('new', 'accepted', 'picked', 'packed', 'ready', 'failed')
  AND (f.source_id = ANY(%(at)s) OR f.pickup_id = ANY(%(at)s))
"""

_UNPAID = f"""
SELECT count(*) FROM orders_order o WHERE o.status = 'awaiting_payment'
  AND (%(everywhere)s OR {STORE_OF_ORDER} = ANY(%(places)s::bigint[]))
"""  # noqa: S608  built from the constants above alone

_EXCEPTIONS = f"""
SELECT count(*) FROM orders_orderexception e LEFT JOIN orders_order o ON o.id = e.order_id
WHERE e.settled_at IS NULL AND (%(everywhere)s OR {STORE_OF_ORDER} = ANY(%(places)s::bigint[]))
"""  # noqa: S608  built from the constants above alone
