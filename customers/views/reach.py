"""Which customer a request is about, and through which channel it comes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from customers.models import Customer, SourceRecord
from customers.queries import resolve
from omni.core.api.callers import Caller
from omni.core.errors import NotFound, Unprocessable
from omni.core.limits import address_of
from omni.core.models import Channel


class UnknownChannel(Unprocessable):
    code = "unknown_channel"
    message = _("There is no channel with this code.")


class UnknownCustomer(Unprocessable):
    code = "unknown_customer"
    message = _("There is no customer with this id.")


def reach_customer(caller: Caller, told: str) -> Customer:
    """The customer of an id in an address, followed to the survivor. Raises NotFound (404), also where a
    customer's token asks for somebody else."""
    customer = resolve(number_of(told))
    if customer is None:
        raise NotFound
    if not may_know(caller, customer):
        raise NotFound
    return customer


def may_know(caller: Caller, customer: Customer) -> bool:
    """Whether a caller may know of a customer: themselves; for a marketplace, which is not ours, those whom it told
    us of; for our own channels and colleagues anybody."""
    if caller.is_customer:
        return SourceRecord.objects.filter(pk=caller.source_record or 0, membership__customer=customer).exists()
    channel = caller.channel
    if caller.is_key and channel is not None and channel.kind == Channel.Kind.MARKETPLACE:
        return SourceRecord.objects.filter(channel=channel, membership__customer=customer).exists()
    return True


def told_customer(told: str, param: str) -> Customer:
    """The customer of an id in a body. Raises UnknownCustomer (422)."""
    customer = resolve(number_of(told))
    if customer is None:
        raise UnknownCustomer(param=param)
    return customer


def number_of(told: Any) -> int:
    """The number behind an id as the API writes it; 0, which is nobody's, for what cannot be one."""
    text = str(told)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def channel_of(request: Request, told: str | None = None) -> Channel:
    """The caller's own channel; for those who have none, the one they name, else the first website."""
    caller = request.user
    if isinstance(caller, Caller) and caller.channel is not None:
        return caller.channel
    code = told or request.query_params.get("channel")
    if code:
        named = Channel.objects.filter(code=code).first()
        if named is None:
            raise UnknownChannel(param="channel")
        return named
    channels = Channel.objects.order_by("id")
    found = channels.filter(kind=Channel.Kind.WEB).first() or channels.first()
    if found is None:
        raise UnknownChannel(param="channel")
    return found


def caller_id(request: Request) -> str:
    """Whom limits count for: the key or person, else the address that the request comes from."""
    caller = request.user
    return caller.id if isinstance(caller, Caller) else f"ip:{address_of(request._request)}"
