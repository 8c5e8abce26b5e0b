"""The numbers by which people call an order or a return."""

from collections.abc import Sequence

from omni.core.db import fetch_all
from omni.core.models import Channel


def next_order_number(channel: Channel) -> str:
    """`W-100042`: the channel's first letter and a serial of the whole shop, short enough to read aloud."""
    serial = fetch_all("SELECT nextval('orders_order_serial')")[0][0]
    return f"{channel.code[:1].upper()}-{serial}"


def next_order_numbers(channels: Sequence[Channel]) -> list[str]:
    """The next numbers of many orders at once, one for each channel given."""
    serials = fetch_all("SELECT nextval('orders_order_serial') FROM generate_series(1, %s)", [len(channels)])
    return [f"{channel.code[:1].upper()}-{row[0]}" for channel, row in zip(channels, serials, strict=True)]


def next_return_number() -> str:
    """`R-10007`."""
    serial = fetch_all("SELECT nextval('orders_return_serial')")[0][0]
    return f"R-{serial}"
