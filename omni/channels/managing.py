"""What a person does with a channel: pause, resume, push all again, replay what was given up."""

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from omni.channels.adapters import ADAPTERS, names_handling
from omni.channels.adapters.base import OFFER
from omni.channels.models import ChannelHealth, Delivery
from omni.core import outbox
from omni.core.db import execute, lock, write
from omni.core.errors import Conflict
from omni.core.models import Channel

# Every offer is wanted at its version. What the channel has already is pushed again too, under the same version.
RESYNC = """
INSERT INTO channels_delivery AS delivery
  (channel_id, topic, key, wanted, delivered, state, urgency, payload, due_at, waiting_since, attempts, last_error,
   leased_by, overwrite)
SELECT %(channel)s, %(topic)s, variant.sku, offer.version, 0, 'due', 2, '{}', %(now)s, %(now)s, 0, '', '', true
FROM catalog_offer offer JOIN catalog_variant variant ON variant.id = offer.variant_id
ORDER BY variant.sku
ON CONFLICT (channel_id, topic, key) DO UPDATE SET
  wanted = GREATEST(delivery.wanted, excluded.wanted), state = 'due', overwrite = true, due_at = excluded.due_at,
  attempts = 0, waiting_since = COALESCE(delivery.waiting_since, excluded.waiting_since)
"""


class NothingPushed(Conflict):
    code = "nothing_pushed"
    message = _("Nothing is pushed to this channel: give it an adapter first.")


def pause_channel(*, channel: Channel, by: str, now: datetime) -> Channel:
    """Hold everything for a channel; what changes meanwhile waits, as its latest state. Locks the channel."""
    with write():
        channel = _locked(channel)
        if channel.stage != Channel.Stage.PAUSED:
            health, _new = ChannelHealth.objects.get_or_create(channel=channel)
            health.stage_before = channel.stage
            health.save(update_fields=["stage_before"])
            _set_stage(channel, Channel.Stage.PAUSED, by, now)
        return channel


def resume_channel(*, channel: Channel, by: str, now: datetime) -> Channel:
    """Go on at the stage that the pause ended, and try at once, whatever the breaker says. Locks the channel."""
    with write():
        channel = _locked(channel)
        if channel.stage == Channel.Stage.PAUSED:
            health, _new = ChannelHealth.objects.get_or_create(channel=channel)
            _set_stage(channel, Channel.Stage(health.stage_before or Channel.Stage.LIVE), by, now)
            ChannelHealth.objects.filter(channel=channel).update(failures=0, open_until=None)
        outbox.wake_after_commit()
        return channel


def resync_channel(*, channel: Channel, now: datetime) -> int:
    """Push every offer to a channel again, over whatever it shows; returns how many.

    Raises NothingPushed for a channel whose adapter takes no offers. One statement over all offers.
    """
    if channel.adapter not in names_handling(OFFER):
        raise NothingPushed
    with write():
        count = execute(RESYNC, {"channel": channel.pk, "topic": OFFER, "now": now})
        ChannelHealth.objects.update_or_create(channel=channel, defaults={"seeded_at": now})
        outbox.wake_after_commit()
    return count


def seed_new_channels(*, now: datetime) -> int:
    """Give channels that came in without the catalog all of it; returns how many channels."""
    new = Channel.objects.filter(adapter__in=names_handling(OFFER), health__seeded_at=None)
    channels = [channel for channel in new if channel.can_show or channel.can_sell]
    for channel in channels:
        resync_channel(channel=channel, now=now)
    return len(channels)


def replay_dead(*, deliveries: Collection[int], now: datetime) -> int:
    """Try again what was given up, by the ids of the deliveries; returns how many."""
    with write():
        count = Delivery.objects.filter(pk__in=deliveries, state=Delivery.State.DEAD).update(
            state=Delivery.State.DUE, attempts=0, due_at=now
        )
        outbox.wake_after_commit()
    return count


def replay_all_dead(*, channel: Channel, now: datetime) -> int:
    """Try again everything that was given up for a channel."""
    with write():
        count = Delivery.objects.filter(channel=channel, state=Delivery.State.DEAD).update(
            state=Delivery.State.DUE, attempts=0, due_at=now
        )
        outbox.wake_after_commit()
    return count


def _locked(channel: Channel) -> Channel:
    if channel.adapter not in ADAPTERS:
        raise NothingPushed
    return lock(Channel.objects.filter(pk=channel.pk))[0]


def _set_stage(channel: Channel, stage: Channel.Stage, by: str, now: datetime) -> None:
    channel.stage = stage
    channel.save(update_fields=["stage"])
    outbox.note(
        [outbox.Change(kind="channel.stage_changed", key=channel.code, payload={"stage": stage.value, "by": by})],
        now=now,
    )
