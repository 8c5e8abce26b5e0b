"""What runs apart from requests. Every task may run twice, at once, or not at all: the sweep finds the work."""

import logging
import time
from typing import Any

from celery import shared_task
from django.db.models import Exists, OuterRef, Q

from omni.channels import drift, inbound, managing
from omni.channels.adapters import ADAPTERS
from omni.channels.models import ChannelHealth, Delivery
from omni.channels.push import BUDGET_SECONDS, push_channel
from omni.channels.relay import run_once
from omni.core import clock
from omni.core.models import Channel

logger = logging.getLogger(__name__)

# After a broker did not take a wake-up, requests do not try it again for so many seconds: the sweep does the work.
QUIET_SECONDS = 5.0
_quiet_until = 0.0


def wake_relay() -> None:
    """Make the relay run soon; omni.wiring gives it to the outbox. Quick and harmless where the broker is gone."""
    _publish(relay)


def ask_for_poll(channel_id: int) -> None:
    """Have a channel's orders read soon; where the broker is gone, the sweep does it."""
    try:
        _publish(poll, channel_id)
    except Exception as error:
        logger.warning("The reading of orders could not be queued; the sweep will do it: %r", error)


def _publish(task: Any, *arguments: int) -> None:
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        task.delay(*arguments)
    except Exception:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        raise


@shared_task
def relay() -> None:
    """Turn what waits in the outbox into deliveries, and push them."""
    run_once(clock.now())
    _push_due()


@shared_task
def push(channel_id: int) -> None:
    """Push what is due to a channel; where the time was too short for it, take a place at the end of the queue."""
    started = time.monotonic()
    push_channel(channel_id, clock.now())
    if time.monotonic() - started >= BUDGET_SECONDS:
        push.delay(channel_id)


@shared_task
def sweep() -> None:
    """Each second: whatever is due and nobody works on, as after a lost wake-up, broker or worker."""
    now = clock.now()
    managing.seed_new_channels(now=now)
    run_once(now)
    _push_due()
    for channel_id in inbound.due_channels(now):
        poll.delay(channel_id)


@shared_task
def verify() -> None:
    """Each minute: read back a sample of what each channel shows."""
    for channel in _pushed_channels():
        try:
            drift.verify_sample(channel, clock.now())
        except Exception:
            logger.warning("%s could not be read back.", channel.code, exc_info=True)


@shared_task
def poll(channel_id: int) -> None:
    """Read the orders that a channel has for us."""
    inbound.poll_due(channel_id, clock.now())


def _pushed_channels() -> list[Channel]:
    return list(Channel.objects.filter(adapter__in=list(ADAPTERS)).exclude(stage=Channel.Stage.PAUSED))


def _push_due() -> None:
    now = clock.now()
    due = Delivery.objects.filter(channel=OuterRef("pk"), state=Delivery.State.DUE, due_at__lte=now).filter(
        Q(leased_until=None) | Q(leased_until__lte=now)
    )
    held = ChannelHealth.objects.filter(channel=OuterRef("pk")).filter(Q(pushing_until__gt=now) | Q(open_until__gt=now))
    channels = (
        Channel.objects.filter(Exists(due), ~Exists(held))
        .exclude(stage=Channel.Stage.PAUSED)
        .filter(adapter__in=list(ADAPTERS))
    )
    for channel_id in channels.values_list("pk", flat=True):
        push.delay(channel_id)
