"""Orders coming in from channels. Webhooks are hints that make us ask; what we are told when we ask is the truth.

Asking again with an overlap is harmless: an order is written down once for its number in the channel. One that
cannot be written down waits in a queue of its own, with the reason, and holds no other.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from omni.channels import recording
from omni.channels.adapters import ADAPTERS
from omni.channels.adapters.base import BadSignature, ChannelOrder
from omni.channels.health import growing_wait
from omni.channels.models import ChannelHealth, InboundEvent, InboundOrder
from omni.core.db import write
from omni.core.http import TransportError
from omni.core.models import Channel
from orders.models import Order

logger = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)
# Changes may become visible in a channel a while after the time that they carry.
OVERLAP = timedelta(minutes=10)
LONGEST_WAIT = 3600.0


def take_webhook(
    *, channel: Channel, headers: Mapping[str, str], raw: bytes, received_at: datetime, now: datetime
) -> int:
    """Take the events of a webhook and have the channel's orders read soon; returns how many events were new.

    `received_at` is real time, against which the signature's time is held; `now` is the business clock. Raises
    BadSignature (401) for what is forged or old. A repeat changes nothing.
    """
    adapter = ADAPTERS.get(channel.adapter)
    if adapter is None:
        raise BadSignature
    events = adapter.parse_webhook(channel, headers, raw, received_at=received_at)
    with write():
        before = set(
            InboundEvent.objects.filter(channel=channel, event_id__in=[event.id for event in events]).values_list(
                "event_id", flat=True
            )
        )
        new = [event for event in events if event.id not in before]
        InboundEvent.objects.bulk_create(
            [InboundEvent(channel=channel, event_id=event.id, received_at=now) for event in new],
            ignore_conflicts=True,
        )
        if new:
            ChannelHealth.objects.update_or_create(channel=channel, defaults={"orders_due_at": now})
    return len(new)


def due_channels(now: datetime) -> list[int]:
    """The channels whose orders are to be read now: hinted at, at the end of the interval, or never yet."""
    later = ChannelHealth.objects.filter(channel=OuterRef("pk"), orders_due_at__gt=now)
    waiting = InboundOrder.objects.filter(channel=OuterRef("pk"), taken_at=None, retry_at__lte=now)
    selling = [name for name, adapter in ADAPTERS.items() if adapter.sells]
    return list(
        Channel.objects.filter(Q(Exists(waiting)) | ~Exists(later), adapter__in=selling, can_sell=True).values_list(
            "pk", flat=True
        )
    )


def poll_due(channel_id: int, now: datetime) -> int:
    """Read the channel's orders if that is still due; returns how many were written down.

    Of many requests to do so that waited for a worker only the first asks the channel, so that one which hangs
    holds one worker and not all of them.
    """
    ChannelHealth.objects.get_or_create(channel_id=channel_id)
    due = ChannelHealth.objects.filter(channel=channel_id).exclude(orders_due_at__gt=now)
    waiting = InboundOrder.objects.filter(channel=channel_id, taken_at=None, retry_at__lte=now)
    if not due.update(orders_due_at=now + EVERY) and not waiting.exists():
        return 0
    return poll_orders(Channel.objects.get(pk=channel_id), now)


def poll_orders(channel: Channel, now: datetime) -> int:
    """Read the channel's orders since the last time, less an overlap, and write down the new ones.

    Returns how many were written down. Calls the channel, so not inside a transaction. A channel that does not
    answer is asked again after the interval.
    """
    health, _new = ChannelHealth.objects.get_or_create(channel=channel)
    # Set before asking, so that a hint that comes meanwhile makes us ask again.
    ChannelHealth.objects.filter(pk=health.pk).update(orders_due_at=now + EVERY)
    adapter = ADAPTERS[channel.adapter]
    since = health.orders_until - OVERLAP if health.orders_until else None
    waiting = list(
        InboundOrder.objects.filter(channel=channel, taken_at=None, retry_at__lte=now).values_list(
            "external_id", flat=True
        )[:100]
    )
    # As above: nobody asks for these again while we do, nor each second where the channel does not answer.
    InboundOrder.objects.filter(channel=channel, external_id__in=waiting).update(retry_at=now + EVERY)
    try:
        told = adapter.pull_orders(channel, since=since)
        again = adapter.pull_orders(channel, ids=waiting) if waiting else []
    except TransportError as error:
        logger.warning("The orders of %s could not be read: %s", channel.code, error.reason)
        return 0
    orders = {order.external_id: order for order in [*told, *again]}
    taken = _take(channel, list(orders.values()), now)
    if told:
        newest = max(order.modified_at for order in told)
        ChannelHealth.objects.filter(pk=health.pk).filter(Q(orders_until=None) | Q(orders_until__lt=newest)).update(
            orders_until=newest
        )
    return taken


def _take(channel: Channel, orders: Sequence[ChannelOrder], now: datetime) -> int:
    known = set(
        Order.objects.filter(channel=channel, external_id__in=[order.external_id for order in orders]).values_list(
            "external_id", flat=True
        )
    )
    taken = 0
    for order in sorted(orders, key=lambda order: order.placed_at):
        if order.external_id in known or order.cancelled:
            continue
        try:
            with transaction.atomic():
                recording.record(channel=channel, order=order, now=now)
                InboundOrder.objects.filter(channel=channel, external_id=order.external_id).update(taken_at=now)
        except Exception as error:
            # Whatever is wrong with this one, it waits by itself and the others go on.
            logger.exception("Order %s of %s waits.", order.external_id, channel.code)
            _let_wait(channel, order, error, now)
        else:
            taken += 1
    return taken


def _let_wait(channel: Channel, order: ChannelOrder, error: Exception, now: datetime) -> None:
    with write():
        waiting, _new = InboundOrder.objects.get_or_create(
            channel=channel, external_id=order.external_id, defaults={"found_at": now, "retry_at": now}
        )
        waiting.attempts = min(waiting.attempts + 1, 30_000)
        waiting.retry_at = now + growing_wait(waiting.attempts, first=30.0, longest=LONGEST_WAIT)
        # The kind of error and its code; what somebody typed into an order stays out of here.
        waiting.last_error = f"{type(error).__name__} {getattr(error, 'code', '')}".strip()[:500]
        waiting.save(update_fields=["attempts", "retry_at", "last_error"])
