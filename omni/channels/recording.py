"""How an order of a channel enters by the second door: it has happened, so it is written down, never refused."""

from datetime import datetime

from omni.channels.adapters.base import ChannelOrder
from omni.core.models import Channel


def record(*, channel: Channel, order: ChannelOrder, now: datetime) -> None:
    """Write down one order of a channel, totals as told. A repeat of its number changes nothing."""
    from orders.recording import record_order

    record_order(channel=channel, external_id=order.external_id, now=now)
