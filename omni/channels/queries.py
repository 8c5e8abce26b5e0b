"""How the channels are doing, for the API, the admin and the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omni.core.db import fetch_all

# One row a channel that something is pushed to. Everything counted has an index of its own small size.
STATUS = """
SELECT channel.id, channel.code, channel.name, channel.stage, channel.adapter,
       due.backlog, due.oldest, dead.n, health.last_error, health.last_error_at, health.last_success_at,
       health.open_until, health.checked_at, drift.n, drift.stubborn, waiting.n
FROM core_channel channel
LEFT JOIN channels_channelhealth health ON health.channel_id = channel.id
CROSS JOIN LATERAL (
  SELECT count(*) AS backlog, min(waiting_since) AS oldest FROM channels_delivery
  WHERE channel_id = channel.id AND state = 'due'
) due
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM channels_delivery WHERE channel_id = channel.id AND state = 'dead'
) dead
CROSS JOIN LATERAL (
  SELECT count(*) AS n, count(*) FILTER (WHERE tries >= %(stubborn)s) AS stubborn
  FROM channels_drift WHERE channel_id = channel.id AND healed_at IS NULL
) drift
CROSS JOIN LATERAL (
  SELECT count(*) AS n FROM channels_inboundorder WHERE channel_id = channel.id AND taken_at IS NULL
) waiting
WHERE channel.adapter <> '' AND (%(ids)s::bigint[] IS NULL OR channel.id = ANY(%(ids)s::bigint[]))
ORDER BY channel.id
"""
# Pushed again so often without holding, a drift needs a person.
STUBBORN_TRIES = 3


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """How far a channel is behind and what is wrong with it. `drift_stubborn` needs a person."""

    id: int
    code: str
    name: str
    stage: str
    adapter: str
    backlog: int
    oldest_undelivered_seconds: float
    dead: int
    last_error: str
    last_error_at: datetime | None
    last_success_at: datetime | None
    not_tried_until: datetime | None
    checked_at: datetime | None
    drift: int
    drift_stubborn: int
    orders_waiting: int


def channel_statuses(*, now: datetime, ids: Sequence[int] | None = None) -> list[ChannelStatus]:
    """The status of these channels, or of all that something is pushed to; one statement."""
    rows = fetch_all(STATUS, {"ids": list(ids) if ids is not None else None, "stubborn": STUBBORN_TRIES})
    return [_status(row, now) for row in rows]


def _status(row: tuple[Any, ...], now: datetime) -> ChannelStatus:
    oldest, open_until = row[6], row[11]
    return ChannelStatus(
        id=row[0],
        code=row[1],
        name=row[2],
        stage=row[3],
        adapter=row[4],
        backlog=row[5],
        oldest_undelivered_seconds=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
        dead=row[7],
        last_error=row[8] or "",
        last_error_at=row[9],
        last_success_at=row[10],
        not_tried_until=open_until if open_until and open_until > now else None,
        checked_at=row[12],
        drift=row[13],
        drift_stubborn=row[14],
        orders_waiting=row[15],
    )
