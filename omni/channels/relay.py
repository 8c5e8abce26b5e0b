"""The relay: from a change written down to the deliveries that it asks for, and to those who hear of it.

Messages are claimed by their state, never by "id above the last one seen", so one that committed late or
failed before is as good as any other. Any number of relays may run at once.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from omni.channels.adapters import names_handling
from omni.channels.adapters.base import OFFER
from omni.channels.health import growing_wait
from omni.core.db import execute, fetch_all
from omni.core.models import OutboxMessage
from omni.core.outbox import Hearer, hearer_name, hearers_of

logger = logging.getLogger(__name__)

OFFER_CHANGED = "offer.changed"
# So many fold well, and the rows of one statement are not locked for long.
OFFERS_AT_ONCE = 20_000
MESSAGES_AT_ONCE = 200
# Longer than any hearer may take: until then no other relay tells the same message.
TELLING = timedelta(seconds=60)
LONGEST_WAIT = 3600.0

# One statement from the outbox to the deliveries. Messages of one SKU fold into one row a channel: the highest
# version, the most urgent of them. A message not newer than what is wanted already changes nothing but urgency.
# Rows are written in the order of the unique key, so that two relays never wait for each other in a circle.
FAN_OUT = """
WITH claimed AS (
  SELECT id, key, version, CASE WHEN payload->>'urgency' IN ('0', '1') THEN (payload->>'urgency')::int ELSE 2 END
    AS urgency
  FROM core_outboxmessage
  WHERE relayed_at IS NULL AND kind = %(kind)s AND (retry_at IS NULL OR retry_at <= %(now)s)
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), relayed AS (
  UPDATE core_outboxmessage SET relayed_at = %(now)s FROM claimed WHERE core_outboxmessage.id = claimed.id
  RETURNING claimed.key, claimed.version, claimed.urgency
), latest AS (
  SELECT key, max(version) AS version, min(urgency) AS urgency FROM relayed GROUP BY key
), upserted AS (
  INSERT INTO channels_delivery AS delivery
    (channel_id, topic, key, wanted, delivered, state, urgency, payload, due_at, waiting_since, attempts,
     last_error, leased_by, overwrite)
  SELECT channel.id, %(topic)s, latest.key, latest.version, 0, 'due', latest.urgency, '{}', %(now)s, %(now)s, 0,
         '', '', false
  FROM latest CROSS JOIN core_channel channel
  WHERE channel.adapter = ANY(%(adapters)s) AND (channel.can_show OR channel.can_sell)
  ORDER BY channel.id, latest.key
  ON CONFLICT (channel_id, topic, key) DO UPDATE SET
    wanted = GREATEST(delivery.wanted, excluded.wanted),
    urgency = CASE WHEN delivery.state = 'due' THEN LEAST(delivery.urgency, excluded.urgency)
                   ELSE excluded.urgency END,
    state = 'due',
    due_at = CASE WHEN excluded.wanted > delivery.wanted AND delivery.state <> 'due' THEN excluded.due_at
                  WHEN excluded.wanted > delivery.wanted THEN LEAST(delivery.due_at, excluded.due_at)
                  ELSE delivery.due_at END,
    attempts = CASE WHEN excluded.wanted > delivery.wanted THEN 0 ELSE delivery.attempts END,
    waiting_since = COALESCE(delivery.waiting_since, excluded.waiting_since)
  WHERE excluded.wanted > delivery.wanted
     OR (delivery.state = 'due' AND excluded.urgency < delivery.urgency)
  RETURNING 1
)
SELECT (SELECT count(*) FROM relayed), (SELECT count(*) FROM upserted)
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    message: OutboxMessage
    hearers: list[Hearer]


def run_once(now: datetime) -> int:
    """Relay what waits: deliveries for states, hearers for events. Returns how many messages it dealt with.

    A hearer that fails is tried again later, after growing waits, and holds nobody else.
    """
    # Of a state only the latest is told, so a hearer of each change would miss some: it is for channels alone.
    assert not hearers_of(OFFER_CHANGED)
    done = 0
    while taken := _fan_out(now):
        done += taken
        if taken < OFFERS_AT_ONCE:
            break
    while claimed := _claim(now):
        for one in claimed:
            _tell(one, now)
        done += len(claimed)
        if len(claimed) < MESSAGES_AT_ONCE:
            break
    return done


def _fan_out(now: datetime) -> int:
    return int(
        fetch_all(
            FAN_OUT,
            {
                "now": now,
                "kind": OFFER_CHANGED,
                "topic": OFFER,
                "limit": OFFERS_AT_ONCE,
                "adapters": names_handling(OFFER),
            },
        )[0][0]
    )


def _claim(now: datetime) -> list[_Claimed]:
    """Claim messages for their hearers, for as long as telling may take; messages nobody hears are done at once."""
    with transaction.atomic():
        messages = list(
            OutboxMessage.objects.raw(
                "SELECT * FROM core_outboxmessage WHERE relayed_at IS NULL AND kind <> %s"
                " AND (retry_at IS NULL OR retry_at <= %s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                [OFFER_CHANGED, now, MESSAGES_AT_ONCE],
            )
        )
        claimed = [_Claimed(message, hearers_of(message.kind)) for message in messages]
        unheard = [one.message.pk for one in claimed if not one.hearers]
        heard = [one.message.pk for one in claimed if one.hearers]
        OutboxMessage.objects.filter(pk__in=unheard).update(relayed_at=now)
        OutboxMessage.objects.filter(pk__in=heard).update(retry_at=now + TELLING)
    return claimed


def _tell(claimed: _Claimed, now: datetime) -> None:
    message, failed = claimed.message, ""
    for hearer in claimed.hearers:
        try:
            _let_hear(message, hearer, now)
        except Exception as error:
            # Whatever a hearer stumbles over is its own affair: the others hear, and it hears again later.
            logger.exception("%s could not hear %s.", hearer_name(hearer), message.kind)
            failed = f"{hearer_name(hearer)}: {type(error).__name__}: {error}"
    row = OutboxMessage.objects.filter(pk=message.pk)
    if not claimed.hearers:
        return
    if failed:
        attempts = min(message.attempts + 1, 30_000)
        row.update(
            attempts=attempts, retry_at=now + growing_wait(attempts, longest=LONGEST_WAIT), last_error=failed[:1000]
        )
    else:
        row.update(relayed_at=now, retry_at=None, last_error="")


def _let_hear(message: OutboxMessage, hearer: Hearer, now: datetime) -> None:
    with transaction.atomic():
        # Waits for another relay that is telling the same hearer, and then finds that it has heard.
        new = execute(
            "INSERT INTO core_hearing (message_id, hearer, heard_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (message_id, hearer) DO NOTHING",
            [message.pk, hearer_name(hearer), now],
        )
        if new:
            hearer(message=message, now=now)
