"""Every adapter by the name that a channel's row gives. A new one is one file here and one line below."""

from collections.abc import Mapping

from omni.channels.adapters.base import Adapter
from omni.channels.adapters.reference import ReferenceShop
from omni.channels.adapters.sms_gateway import SmsGateway
from omni.channels.adapters.smtp import Smtp

ADAPTERS: Mapping[str, Adapter] = {
    "reference": ReferenceShop(),
    "sms_gateway": SmsGateway(),
    "smtp": Smtp(),
}


def names_handling(topic: str) -> list[str]:
    """The names of the adapters that take a topic."""
    return [name for name, adapter in ADAPTERS.items() if topic in adapter.handles]
