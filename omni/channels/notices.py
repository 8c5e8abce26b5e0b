"""Messages to one person: who asks for them, on which channel they leave, and what they say when they leave.

A delivery of a notice holds only what it is about. The text, with whatever code or link belongs in it, is made
at the moment of sending and kept nowhere; consent is asked at that moment too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from customers.codes import make_code
from customers.consent import may_contact
from customers.models import Customer, SignInCode
from customers.queries import customer_of
from omni.channels.adapters import names_handling
from omni.channels.adapters.base import NOTICE, Message
from omni.channels.models import Delivery
from omni.core.models import Channel, OutboxMessage
from orders import notices as order_notices
from orders.models import Order

# (channel, payload, now) -> who gets what, or None where there is nothing to say any more.
Composer = Callable[[Channel, Mapping[str, Any], datetime], Message | None]


@dataclass(frozen=True, slots=True)
class Notice:
    """A kind of message. `purpose`: what consent it needs; empty for a service message, which needs none."""

    compose: Composer
    purpose: str = ""


def compose(*, channel: Channel, key: str, payload: Mapping[str, Any], now: datetime) -> Message | None:
    """The message of a delivery, made now, or None where it is not to be sent (any more).

    Its id follows from the delivery, so every try carries the same; a message whose code is another at each try
    adds what tells them apart, because a gateway that drops a repeat must not drop the code that works.
    """
    notice = NOTICES[str(payload["notice"])]
    if notice.purpose and not _consents(notice.purpose, channel, payload, now):
        return None
    message = notice.compose(channel, payload, now)
    if message is None:
        return None
    own_id = "-".join(filter(None, ["notice", key, channel.code, message.id]))
    return replace(message, id=own_id)


def send_order_notice(*, message: OutboxMessage, now: datetime) -> None:
    """Hearer of order events: an e-mail about the order is due."""
    payload = {"notice": message.kind, "order": message.key, **message.payload}
    _request(Channel.Kind.EMAIL, message, payload, now)


def send_sign_in_code(*, message: OutboxMessage, now: datetime) -> None:
    """Hearer of `sign_in.asked`: a code is due by SMS or e-mail, as it was asked for."""
    asked = SignInCode.objects.filter(pk=message.key).values_list("kind", flat=True).first()
    if asked is None:
        return
    kind = Channel.Kind.SMS if asked == "phone" else Channel.Kind.EMAIL
    _request(kind, message, {"notice": message.kind, "sign_in_code": message.key}, now, urgency=0)


def _request(
    kind: Channel.Kind, message: OutboxMessage, payload: Mapping[str, Any], now: datetime, urgency: int = 1
) -> None:
    channel = (
        Channel.objects.filter(kind=kind, can_message=True, adapter__in=names_handling(NOTICE)).order_by("id").first()
    )
    if channel is None:
        # A retailer without such a channel sends no such messages.
        return
    Delivery.objects.get_or_create(
        channel=channel,
        topic=NOTICE,
        key=str(message.pk),
        defaults={
            "wanted": 1,
            "urgency": urgency,
            "payload": dict(payload),
            "due_at": now,
            "waiting_since": now,
        },
    )


def _order_mail(channel: Channel, payload: Mapping[str, Any], now: datetime) -> Message | None:
    number = str(payload["order"])
    language = _language_of_order(number)
    mail = order_notices.compose(
        kind=str(payload["notice"]), order_number=number, data=dict(payload), now=now, language=language
    )
    return Message(id="", to=mail.to, subject=mail.subject, text=mail.text, html=mail.html) if mail else None


def _sign_in_code(channel: Channel, payload: Mapping[str, Any], now: datetime) -> Message | None:
    asked = SignInCode.objects.filter(pk=payload["sign_in_code"]).first()
    if asked is None or asked.used_at is not None or asked.expires_at <= now:
        return None
    language = _language_of_contact(asked)
    code, asked = make_code(sign_in_code_id=asked.pk, now=now)
    with translation.override(language):
        text = _("%(code)s is your sign-in code. It works for a few minutes. Tell it to nobody.") % {"code": code}
        return Message(id=f"{now:%H%M%S%f}", to=asked.value, subject=_("Your sign-in code"), text=text)


def _consents(purpose: str, channel: Channel, payload: Mapping[str, Any], now: datetime) -> bool:
    order = Order.objects.filter(number=payload.get("order", "")).first()
    if order is None or order.source_record_id is None:
        return False
    customer = customer_of(order.source_record_id)
    return may_contact(customer_id=customer.pk, purpose=purpose, channel_kind=channel.kind, now=now).allowed


def _language_of_order(number: str) -> str:
    record = Order.objects.filter(number=number).values_list("source_record", flat=True).first()
    return customer_of(record).language if record else "vi"


def _language_of_contact(asked: SignInCode) -> str:
    known = Customer.objects.filter(**{asked.kind: asked.value}, merged_into=None)
    return known.values_list("language", flat=True).first() or "vi"


NOTICES: Mapping[str, Notice] = {
    "order.placed": Notice(_order_mail),
    "order.ready": Notice(_order_mail),
    "order.expired": Notice(_order_mail),
    "order.refunded": Notice(_order_mail),
    "order.returned": Notice(_order_mail),
    "sign_in.asked": Notice(_sign_in_code),
}
