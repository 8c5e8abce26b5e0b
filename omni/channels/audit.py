"""What must hold of every delivery, whatever died on the way."""

from omni.channels.adapters import names_handling
from omni.channels.adapters.base import OFFER
from omni.core.audit import Check, Finding, sql_check
from omni.core.db import fetch_all

# A live channel that was given the catalog has a delivery of every offer, at its version or due for it, unless the
# word of it still waits in the outbox.
UNTOLD = """
FROM core_channel channel
JOIN channels_channelhealth health ON health.channel_id = channel.id AND health.seeded_at IS NOT NULL
CROSS JOIN catalog_offer offer
JOIN catalog_variant variant ON variant.id = offer.variant_id
LEFT JOIN channels_delivery delivery
  ON delivery.channel_id = channel.id AND delivery.topic = 'offer' AND delivery.key = variant.sku
WHERE channel.adapter = ANY(%(adapters)s) AND (channel.can_show OR channel.can_sell) AND channel.stage <> 'paused'
"""
LATE = """
AND (delivery.id IS NULL OR delivery.wanted < offer.version)
AND NOT EXISTS (SELECT 1 FROM core_outboxmessage message WHERE message.relayed_at IS NULL
                AND message.kind = 'offer.changed' AND message.key = variant.sku)
"""


def _every_offer_is_told() -> Finding:
    wanted = {"adapters": names_handling(OFFER)}
    rows = fetch_all(f"SELECT count(*) {UNTOLD}", wanted)[0][0]
    wrong = fetch_all(
        f"SELECT channel.code || ' ' || variant.sku || ' wanted ' || coalesce(delivery.wanted, 0) || ' < '"
        f" || offer.version {UNTOLD} {LATE} LIMIT 20",
        wanted,
    )
    return Finding(rows=int(rows), wrong=[str(row[0]) for row in wrong])


CHECKS = [
    sql_check(
        "No channel was given more than was wanted",
        count="SELECT count(*) FROM channels_delivery",
        wrong="SELECT channel_id || ' ' || key FROM channels_delivery WHERE delivered > wanted",
    ),
    sql_check(
        "No channel was given a version newer than its offer",
        count="SELECT count(*) FROM channels_delivery WHERE topic = 'offer'",
        wrong=(
            "SELECT delivery.channel_id || ' ' || delivery.key FROM channels_delivery delivery"
            " JOIN catalog_variant variant ON variant.sku = delivery.key"
            " JOIN catalog_offer offer ON offer.variant_id = variant.id"
            " WHERE delivery.topic = 'offer' AND delivery.delivered > offer.version"
        ),
    ),
    sql_check(
        "One delivery for each channel, topic and key",
        count="SELECT count(*) FROM channels_delivery",
        wrong=(
            "SELECT channel_id || ' ' || topic || ' ' || key FROM channels_delivery"
            " GROUP BY channel_id, topic, key HAVING count(*) > 1"
        ),
    ),
    sql_check(
        "What is delivered is at the version that is wanted",
        count="SELECT count(*) FROM channels_delivery WHERE state = 'done' AND topic = 'offer'",
        wrong=(
            "SELECT channel_id || ' ' || key FROM channels_delivery"
            " WHERE state = 'done' AND topic = 'offer' AND delivered < wanted"
        ),
    ),
    Check("Every offer is told to every live channel", _every_offer_is_told),
    sql_check(
        "A channel calls each of our things by one name, and no name twice",
        count="SELECT count(*) FROM channels_externalid",
        wrong=(
            "SELECT channel_id || ' ' || kind || ' ' || ours FROM channels_externalid"
            " GROUP BY channel_id, kind, ours HAVING count(*) > 1"
            " UNION ALL SELECT channel_id || ' ' || kind || ' ' || theirs FROM channels_externalid"
            " GROUP BY channel_id, kind, theirs HAVING count(*) > 1"
        ),
    ),
    sql_check(
        "An event that a channel sent was taken once",
        count="SELECT count(*) FROM channels_inboundevent",
        wrong=(
            "SELECT channel_id || ' ' || event_id FROM channels_inboundevent"
            " GROUP BY channel_id, event_id HAVING count(*) > 1"
        ),
    ),
    sql_check(
        "Each hearer heard each message once",
        count="SELECT count(*) FROM core_hearing",
        wrong=("SELECT message_id || ' ' || hearer FROM core_hearing GROUP BY message_id, hearer HAVING count(*) > 1"),
    ),
]
