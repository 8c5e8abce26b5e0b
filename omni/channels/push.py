"""Pushing what is due to one channel: claim, read the latest state, call outside any transaction, write down.

A channel has one pusher at a time (its lane) and each delivery one claim. Both are leases: a worker that dies
gives them back by the clock alone. What a slow worker still sends after losing its claim carries an older
version, which the channel's side refuses where it can, and its result is not written here.
"""

import json
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from catalog.offers import offer_states
from omni.channels.adapters import ADAPTERS
from omni.channels.adapters.base import NOTICE, OFFER, Adapter, BatchRefused, Item, ItemResult
from omni.channels.health import LEASE, Lane, growing_wait, keep_lane, leave_lane, note_failure, note_success, take_lane
from omni.channels.models import ExternalId
from omni.channels.notices import compose
from omni.core.db import execute, fetch_all
from omni.core.errors import DomainError
from omni.core.http import TransportError
from omni.core.models import Channel

logger = logging.getLogger(__name__)

# How long one run may take before it lets others have the worker.
BUDGET_SECONDS = 3.0
# A rejected item is tried so often before it is given up; a channel that is down never counts towards it.
MAX_ATTEMPTS = 12
LONGEST_WAIT = 300.0

CLAIM = """
UPDATE channels_delivery SET leased_until = %(until)s, leased_by = %(token)s
WHERE id IN (
  SELECT id FROM channels_delivery
  WHERE channel_id = %(channel)s AND state = 'due' AND due_at <= %(now)s
    AND (leased_until IS NULL OR leased_until <= %(now)s)
  ORDER BY urgency, due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
RETURNING id, topic, key, wanted, payload, attempts, overwrite
"""

# Results of one call, written at once under our claim. What was wanted meanwhile stays due; what was given up
# comes back to life by the next change. The rows are locked in the order of the unique key, as the relay does.
SETTLE = """
WITH told AS (
  SELECT * FROM unnest(%(ids)s::bigint[], %(outcomes)s::text[], %(versions)s::bigint[], %(due)s::timestamptz[],
                       %(reasons)s::text[]) AS told(id, outcome, version, due_at, reason)
), mine AS (
  SELECT delivery.id FROM channels_delivery delivery JOIN told ON told.id = delivery.id
  WHERE delivery.leased_by = %(token)s
  ORDER BY delivery.channel_id, delivery.topic, delivery.key FOR NO KEY UPDATE OF delivery
)
UPDATE channels_delivery delivery SET
  leased_until = NULL, leased_by = '',
  delivered = CASE WHEN told.outcome = 'ok' THEN GREATEST(delivery.delivered, told.version) ELSE delivery.delivered END,
  wanted = CASE WHEN told.outcome = 'ok' THEN GREATEST(delivery.wanted, told.version) ELSE delivery.wanted END,
  delivered_at = CASE WHEN told.outcome = 'ok' THEN %(now)s ELSE delivery.delivered_at END,
  overwrite = CASE WHEN told.outcome = 'ok' THEN false ELSE delivery.overwrite END,
  attempts = CASE WHEN told.outcome = 'ok' THEN 0 WHEN told.outcome IN ('untried', 'later') THEN delivery.attempts
                  ELSE LEAST(delivery.attempts + 1, 30000) END,
  last_error = CASE WHEN told.outcome = 'ok' THEN '' WHEN told.outcome = 'untried' THEN delivery.last_error
                    ELSE told.reason END,
  due_at = CASE WHEN told.outcome IN ('retry', 'later') AND delivery.wanted <= told.version THEN told.due_at
                ELSE delivery.due_at END,
  state = CASE WHEN told.outcome = 'ok' AND delivery.wanted <= told.version THEN 'done'
               WHEN told.outcome = 'dead' AND delivery.wanted <= told.version THEN 'dead'
               ELSE 'due' END,
  waiting_since = CASE WHEN told.outcome = 'ok' AND delivery.wanted <= told.version THEN NULL
                       ELSE delivery.waiting_since END
FROM told JOIN mine ON mine.id = told.id
WHERE delivery.id = told.id
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    topic: str
    key: str
    wanted: int
    payload: dict[str, object]
    attempts: int
    overwrite: bool


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a claimed delivery: `ok`, `retry` (counted), `dead`, `later` (not counted), `untried`."""

    id: int
    outcome: str
    version: int
    reason: str = ""
    due_at: datetime | None = None


class _Clock:
    """The business clock as it goes on while we push: `now` at the start, plus what has passed since."""

    def __init__(self, now: datetime) -> None:
        self._now, self._started = now, time.monotonic()

    def passed(self) -> float:
        return time.monotonic() - self._started

    def __call__(self) -> datetime:
        return self._now + timedelta(seconds=self.passed())


def push_channel(channel_id: int, now: datetime, *, budget: float = BUDGET_SECONDS) -> int:
    """Push what is due to a channel until nothing is, the channel fails, or the budget of seconds is spent.

    Returns how many deliveries arrived. A paused channel holds what it has; so does one whose breaker is open.
    """
    channel = Channel.objects.get(pk=channel_id)
    adapter = ADAPTERS.get(channel.adapter)
    if adapter is None or channel.stage == Channel.Stage.PAUSED:
        return 0
    clock = _Clock(now)
    lane = take_lane(channel, now=clock())
    if lane is None:
        return 0
    arrived = 0
    # After a failure the batches grow from one, so that a channel that comes back is not run over.
    size = 1 if lane.probing else adapter.batch_size
    try:
        while clock.passed() < budget and keep_lane(lane, now=clock()) and not _paused(channel_id):
            claimed = _claim(lane, size, clock())
            if not claimed:
                break
            went_well, settled = _push_batch(channel, adapter, claimed, clock)
            _settle(lane, settled, clock())
            arrived += sum(one.outcome == "ok" for one in settled)
            if not went_well:
                break
            size = min(size * 2, adapter.batch_size)
    finally:
        leave_lane(lane)
    return arrived


def _paused(channel_id: int) -> bool:
    return Channel.objects.filter(pk=channel_id, stage=Channel.Stage.PAUSED).exists()


def _claim(lane: Lane, limit: int, now: datetime) -> list[_Claimed]:
    rows = fetch_all(
        CLAIM, {"channel": lane.channel_id, "token": lane.token, "now": now, "until": now + LEASE, "limit": limit}
    )
    return [_Claimed(row[0], row[1], row[2], row[3], json.loads(row[4]), row[5], row[6]) for row in rows]


def _push_batch(
    channel: Channel, adapter: Adapter, claimed: list[_Claimed], clock: _Clock
) -> tuple[bool, list[_Settled]]:
    """Push one claim. Returns whether the channel answered at all, and what became of each delivery."""
    settled: list[_Settled] = []
    items: dict[int, Item] = {}
    for topic in {one.topic for one in claimed}:
        of_topic = [one for one in claimed if one.topic == topic]
        found, gone = _items(channel, topic, of_topic, clock())
        items |= found
        settled += gone
    waiting = [one for one in claimed if one.id in items]
    if not waiting:
        return True, settled
    ends = clock.passed() + LEASE.total_seconds() / 2
    try:
        results = _call(channel, adapter, [items[one.id] for one in waiting], clock, ends)
    except TransportError as error:
        logger.warning("%s failed: %s", channel.code, error.reason)
        open_until = note_failure(channel.pk, error, now=clock())
        return False, settled + _step_back(waiting, error, open_until)
    note_success(channel.pk, now=clock())
    _remember_ids(channel, [result for result in results if result.theirs])
    by_key = {result.key: result for result in results}
    settled += [_judge(one, items[one.id], by_key.get(one.key), clock()) for one in waiting]
    return True, settled


def _step_back(claimed: list[_Claimed], error: TransportError, open_until: datetime | None) -> list[_Settled]:
    """The channel failed, so nobody's attempts are counted and the breaker paces what comes next.

    One that was tried alone lets the others go first: perhaps the channel stumbles over just this one.
    """
    if len(claimed) > 1 or open_until is None:
        return [_Settled(one.id, "untried", one.wanted) for one in claimed]
    later = open_until + timedelta(seconds=random.uniform(2, 10))  # noqa: S311
    return [_Settled(one.id, "later", one.wanted, error.reason, later) for one in claimed]


def _items(
    channel: Channel, topic: str, claimed: list[_Claimed], now: datetime
) -> tuple[dict[int, Item], list[_Settled]]:
    """What to send for each delivery, read now; and those for which there is nothing to send."""
    if topic == OFFER:
        return _offers(channel, claimed, now)
    assert topic == NOTICE
    items, gone = {}, []
    for one in claimed:
        try:
            message = compose(channel=channel, key=one.key, payload=one.payload, now=now)
        except Exception as error:
            # One message that cannot be written must not hold the others; it is tried again, then given up.
            logger.exception("Notice %s could not be composed.", one.key)
            permanent = isinstance(error, DomainError)
            gone.append(_refused(one, one.wanted, permanent, f"{type(error).__name__}: {error}", now))
            continue
        if message is None:
            gone.append(_Settled(one.id, "ok", one.wanted))
        else:
            items[one.id] = Item(key=one.key, version=one.wanted, message=message)
    return items, gone


def _offers(channel: Channel, claimed: list[_Claimed], now: datetime) -> tuple[dict[int, Item], list[_Settled]]:
    keys = [one.key for one in claimed]
    states = {state.sku: state for state in offer_states(keys)}
    known = dict(ExternalId.objects.filter(channel=channel, kind="sku", ours__in=keys).values_list("ours", "theirs"))
    items, gone = {}, []
    for one in claimed:
        state = states.get(one.key)
        if state is None:
            gone.append(_Settled(one.id, "dead", one.wanted, "there is no offer of this SKU"))
        elif state.version < one.wanted:
            # Only where we read from a replica that is behind: to push what it has would end nothing.
            later = now + timedelta(seconds=1)
            gone.append(_Settled(one.id, "later", one.wanted, "the change cannot be read yet", later))
        else:
            items[one.id] = Item(
                key=one.key,
                version=state.version,
                offer=state,
                overwrite=one.overwrite,
                theirs=known.get(one.key),
            )
    return items, gone


def _call(channel: Channel, adapter: Adapter, items: Sequence[Item], clock: _Clock, ends: float) -> list[ItemResult]:
    """Call the adapter; where it refuses a whole batch, its halves, until the culprit stands alone.

    Items for which no time is left before the claim ends get no result.
    """
    if clock.passed() > ends:
        return []
    try:
        return adapter.push(channel, items)
    except BatchRefused as refused:
        if len(items) == 1:
            return [ItemResult(key=items[0].key, ok=False, permanent=refused.permanent, reason=refused.reason)]
        half = len(items) // 2
        return [
            *_call(channel, adapter, items[:half], clock, ends),
            *_call(channel, adapter, items[half:], clock, ends),
        ]
    except TransportError:
        raise
    except Exception as error:
        # An answer that the adapter could not read is the channel's failure, not ours to die of.
        logger.exception("The adapter of %s stumbled.", channel.code)
        raise TransportError(f"{type(error).__name__}: {error}") from error


def _judge(one: _Claimed, item: Item, result: ItemResult | None, now: datetime) -> _Settled:
    if result is None:
        return _Settled(one.id, "untried", item.version)
    if result.ok:
        return _Settled(one.id, "ok", item.version)
    return _refused(one, item.version, result.permanent, result.reason, now)


def _refused(one: _Claimed, version: int, permanent: bool, reason: str, now: datetime) -> _Settled:
    if permanent or one.attempts + 1 >= MAX_ATTEMPTS:
        return _Settled(one.id, "dead", version, reason)
    return _Settled(one.id, "retry", version, reason, now + growing_wait(one.attempts + 1, longest=LONGEST_WAIT))


def _settle(lane: Lane, settled: list[_Settled], now: datetime) -> None:
    with transaction.atomic():
        execute(
            SETTLE,
            {
                "token": lane.token,
                "now": now,
                "ids": [one.id for one in settled],
                "outcomes": [one.outcome for one in settled],
                "versions": [one.version for one in settled],
                "due": [one.due_at or now for one in settled],
                "reasons": [one.reason[:500] for one in settled],
            },
        )


def _remember_ids(channel: Channel, results: list[ItemResult]) -> None:
    ExternalId.objects.bulk_create(
        [ExternalId(channel=channel, kind="sku", ours=one.key, theirs=str(one.theirs)) for one in results],
        ignore_conflicts=True,
    )
