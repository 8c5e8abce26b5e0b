"""Who may push to a channel now: one pusher at a time, none while its breaker is open."""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from omni.channels.models import ChannelHealth, Delivery
from omni.core.db import execute, fetch_all, write
from omni.core.http import TransportError
from omni.core.models import Channel

# How long a pusher may be silent before another takes its place; longer than any one call may take.
LEASE = timedelta(seconds=60)
# So many failures in a row open the breaker; then one probe after each growing wait.
FAILURES_TO_OPEN = 3
LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Lane:
    """The right to push to a channel. `probing`: the breaker is half open, so one item is tried alone."""

    channel_id: int
    token: str
    probing: bool


def take_lane(channel: Channel, *, now: datetime) -> Lane | None:
    """The lane of a channel, or None while another pusher has it or the breaker is open."""
    token = secrets.token_hex(16)
    rows = fetch_all(
        "INSERT INTO channels_channelhealth AS health"
        " (channel_id, failures, last_error, pushing_until, pushing_by, verify_after, stage_before)"
        " VALUES (%(channel)s, 0, '', %(until)s, %(token)s, '', '')"
        " ON CONFLICT (channel_id) DO UPDATE SET pushing_until = excluded.pushing_until,"
        "   pushing_by = excluded.pushing_by"
        " WHERE (health.pushing_until IS NULL OR health.pushing_until <= %(now)s)"
        "   AND (health.open_until IS NULL OR health.open_until <= %(now)s)"
        " RETURNING failures",
        {"channel": channel.pk, "token": token, "until": now + LEASE, "now": now},
    )
    return Lane(channel.pk, token, probing=rows[0][0] >= FAILURES_TO_OPEN) if rows else None


def keep_lane(lane: Lane, *, now: datetime) -> bool:
    """Renew the lane; False once somebody else has it."""
    return (
        execute(
            "UPDATE channels_channelhealth SET pushing_until = %s WHERE channel_id = %s AND pushing_by = %s",
            [now + LEASE, lane.channel_id, lane.token],
        )
        == 1
    )


def leave_lane(lane: Lane) -> None:
    execute(
        "UPDATE channels_channelhealth SET pushing_until = NULL, pushing_by = ''"
        " WHERE channel_id = %s AND pushing_by = %s",
        [lane.channel_id, lane.token],
    )


def note_success(channel_id: int, *, now: datetime) -> None:
    """The channel answered: the breaker closes."""
    ChannelHealth.objects.filter(pk=channel_id).update(failures=0, open_until=None, last_success_at=now)


def note_failure(channel_id: int, error: TransportError, *, now: datetime) -> datetime | None:
    """The channel as a whole failed; until when its breaker is open now, or None while it is not.

    What cannot help by trying again (a wrong token, no such shop) opens it at once, for the longest wait.
    """
    failures = fetch_all(
        "UPDATE channels_channelhealth SET failures = failures + 1, last_error = %s, last_error_at = %s"
        " WHERE channel_id = %s RETURNING failures",
        [error.reason[:500], now, channel_id],
    )[0][0]
    if failures < FAILURES_TO_OPEN and not error.permanent and error.retry_after is None:
        return None
    wait = growing_wait(max(1, failures - FAILURES_TO_OPEN + 1), longest=LONGEST_WAIT)
    if error.permanent:
        wait = timedelta(seconds=LONGEST_WAIT)
    if error.retry_after is not None:
        wait = max(wait, timedelta(seconds=error.retry_after))
    ChannelHealth.objects.filter(pk=channel_id).update(open_until=now + wait)
    return now + wait


def start_afresh(channel: Channel) -> None:
    """For a channel that was connected anew: no breaker, lane or claim of before holds what is due."""
    with write():
        ChannelHealth.objects.filter(channel=channel).update(
            failures=0, open_until=None, pushing_until=None, pushing_by=""
        )
        Delivery.objects.filter(channel=channel, state=Delivery.State.DUE, leased_until__isnull=False).update(
            leased_until=None, leased_by=""
        )


def growing_wait(attempts: int, *, longest: float, first: float = 1.0) -> timedelta:
    """Twice as long each time up to a longest, and jittered by half, so that many do not come back at once."""
    seconds = min(first * 2.0 ** min(attempts - 1, 30), longest)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311  no secret depends on it
