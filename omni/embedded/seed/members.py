"""The loyalty programme of the demo retailer, and the points that its trade has earned."""

from datetime import date, datetime, timedelta
from itertools import groupby

from loyalty import earning
from loyalty.ledger.accounts import open_book
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Accrual, Entry, Programme, Tier
from omni.embedded.seed.trade import EARN_PER, Trade
from orders.models import Order

# code, Vietnamese, English, spent in a calendar year, earns (1/100 %)
TIERS = [
    ("may", "Thành viên Mây", "Cloud", 0, 10_000),
    ("nang", "Thành viên Nắng", "Sun", 5_000_000, 12_000),
    ("sao", "Thành viên Sao", "Star", 15_000_000, 15_000),
]


def make_loyalty(*, trade: Trade, now: datetime) -> None:
    """The programme with its tiers, and every order's points: pending for 30 days, then to spend.

    Who has reached which tier is for the beat's review to say, minutes later.
    """
    programme = Programme.objects.create(
        code="may", name_vi="Mây thân thiết", name_en="Mây Friends", currency="VND", earn_points=1, earn_per=EARN_PER,
        point_value=200, pending_days=30, expiry_months=12,
    )  # fmt: skip
    Tier.objects.bulk_create(
        Tier(programme=programme, code=code, name_vi=vi, name_en=en, threshold=threshold, earn_rate=rate)
        for code, vi, en, threshold, rate in TIERS
    )
    _earn(programme, [order for order in trade.orders if order.source_record_id], now)


def _earn(programme: Programme, orders: list[Order], now: datetime) -> None:
    book = open_book(programme=programme, source_records={_record(order) for order in orders})
    Accrual.objects.bulk_create(
        Accrual(
            source_record_id=_record(order), programme=programme, order=order.number, basis=order.total,
            points=order.points_earned, made_at=_completed(order),
            release_at=_completed(order) + timedelta(days=programme.pending_days),
        )
        for order in orders
    )  # fmt: skip
    ended = sorted(orders, key=_completed)
    for _, some in groupby(ended, key=_day):
        today = list(some)
        post(
            transfers=[
                Transfer(
                    book.shop("issued"), book.of(_record(order), "pending"), order.points_earned, Entry.Reason.EARN,
                    ("order", order.number), "loyalty", order.number,
                )
                for order in today if order.points_earned
            ],
            now=_completed(today[-1]),
        )  # fmt: skip
    for week in range(9):
        earning.release_due(now=now - timedelta(days=7 * (8 - week)))


def _completed(order: Order) -> datetime:
    assert order.completed_at is not None
    return order.completed_at


def _day(order: Order) -> date:
    return _completed(order).date()


def _record(order: Order) -> int:
    assert order.source_record_id is not None
    return order.source_record_id
