"""Customers as channels tell of them."""

from datetime import datetime

from customers.identity import Claim, Identified, identify
from omni.core import clock
from omni.core.models import Channel
from tests.factories.core import ChannelFactory


def person(
    name: str = "",
    *,
    phone: str = "",
    email: str = "",
    card: str = "",
    verified: bool = False,
    channel: Channel | None = None,
    now: datetime | None = None,
    **fields,
) -> Identified:
    """Somebody of whom a channel tells: `person("Nguyễn Thị Lan", phone="0912345678").customer`."""
    told = {"phone": phone, "email": email, "card": card}
    return identify(
        channel=channel or ChannelFactory.create(code="web"),
        claims=[Claim(kind, value, verified=verified) for kind, value in told.items() if value],
        name=name,
        now=now or clock.now(),
        **fields,
    )
