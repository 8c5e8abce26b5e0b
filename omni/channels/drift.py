"""The drift monitor: what a channel shows is read back and compared with what we say; what differs is pushed again.

A SKU counts only where its delivery stood still from before the reading until after it, so a change on its way
is never called drift.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Coalesce

from catalog.offers import offer_states
from omni.channels.adapters import ADAPTERS
from omni.channels.adapters.base import OFFER, Adapter, Shown
from omni.channels.models import ChannelHealth, Delivery, Drift
from omni.core import outbox
from omni.core.db import write
from omni.core.models import Channel

SAMPLE = 200
FIELDS = ("price", "promotion_price", "atp", "sellable")
# The field of a drift where the channel does not show the SKU at all, or shows one that we do not have.
MISSING, UNKNOWN = "missing", "unknown"


@dataclass(frozen=True, slots=True)
class Verified:
    """How many SKUs were compared, how many differences were found new, healed, and are open now."""

    checked: int
    opened: int
    healed: int
    open: int


@dataclass(frozen=True, slots=True)
class Difference:
    key: str
    field: str
    ours: str
    theirs: str


def verify(channel: Channel, now: datetime, keys: Sequence[str] | None = None) -> Verified:
    """Read back what a channel shows of these SKUs, or all of it, and make due again what differs.

    Calls the channel, so not inside a transaction. Raises TransportError where the channel does not answer.
    """
    adapter = ADAPTERS.get(channel.adapter)
    if adapter is None or not adapter.shows:
        return Verified(0, 0, 0, 0)
    before = _standing(channel, keys)
    shown = {one.key: one for one in adapter.read_back(channel, keys)}
    after = _standing(channel, keys)
    still = [key for key, version in before.items() if after.get(key) == version]
    offers = {state.sku: state for state in offer_states(still)}
    # The offer may have gone on while its message still waits for the relay.
    compared = [key for key in still if key in offers and offers[key].version == before[key]]
    found = [
        difference
        for key in compared
        for difference in _compare(adapter, adapter.expected(channel, offers[key]), shown.get(key))
    ]
    if keys is None:
        strange = _strange(channel, set(shown))
        found += strange
        compared += [difference.key for difference in strange]
    return _write_down(channel, compared, found, now, everything=keys is None)


def verify_sample(channel: Channel, now: datetime) -> Verified:
    """Verify the next so many SKUs after those of the last time, so that in turns all are looked at."""
    health, _new = ChannelHealth.objects.get_or_create(channel=channel)
    done = Delivery.objects.filter(channel=channel, topic=OFFER, state=Delivery.State.DONE).order_by("key")
    keys = list(done.filter(key__gt=health.verify_after).values_list("key", flat=True)[:SAMPLE])
    # What is known to differ is looked at each time, so that its healing is seen soon.
    drifting = Drift.objects.filter(channel=channel, healed_at=None).values_list("key", flat=True)[:SAMPLE]
    result = verify(channel, now, sorted({*keys, *drifting})) if keys or drifting else Verified(0, 0, 0, 0)
    ChannelHealth.objects.filter(pk=health.pk).update(verify_after=keys[-1] if len(keys) == SAMPLE else "")
    return result


def _standing(channel: Channel, keys: Sequence[str] | None) -> dict[str, int]:
    """The deliveries that are at rest, by SKU, with the version that the channel was given."""
    rows = Delivery.objects.filter(
        channel=channel, topic=OFFER, state=Delivery.State.DONE, leased_until=None, delivered=F("wanted")
    )
    if keys is not None:
        rows = rows.filter(key__in=keys)
    return dict(rows.values_list("key", "delivered"))


def _compare(adapter: Adapter, ours: Shown, theirs: Shown | None) -> list[Difference]:
    if theirs is None:
        return [Difference(ours.key, MISSING, "shown", "")]
    return [
        Difference(ours.key, field, _text(getattr(ours, field)), _text(getattr(theirs, field)))
        for field in FIELDS
        if field in adapter.shows and getattr(ours, field) != getattr(theirs, field)
    ]


def _strange(channel: Channel, shown: Collection[str]) -> list[Difference]:
    """What the channel shows and we never gave it. No push can heal that: a person looks."""
    ours = set(Delivery.objects.filter(channel=channel, topic=OFFER, key__in=shown).values_list("key", flat=True))
    return [Difference(key, UNKNOWN, "", "shown") for key in sorted(set(shown) - ours)]


def _write_down(
    channel: Channel, compared: Sequence[str], found: Sequence[Difference], now: datetime, *, everything: bool
) -> Verified:
    with write():
        before = {
            (drift.key, drift.field): drift
            for drift in Drift.objects.select_for_update(no_key=True).filter(channel=channel, healed_at=None)
        }
        known = {key: drift for key, drift in before.items() if drift.key in set(compared)}
        if everything:
            known |= {key: drift for key, drift in before.items() if drift.field == UNKNOWN}
        new = [one for one in found if (one.key, one.field) not in known]
        opened = Drift.objects.bulk_create(
            [
                Drift(channel=channel, key=one.key, field=one.field, ours=one.ours, theirs=one.theirs, found_at=now)
                for one in new
            ],
            # Somebody else may be verifying the same channel.
            ignore_conflicts=True,
        )
        still = {(one.key, one.field): one for one in found}
        healed = [drift.pk for key, drift in known.items() if key not in still]
        Drift.objects.filter(pk__in=healed).update(healed_at=now)
        for key, drift in known.items():
            if key in still:
                drift.ours, drift.theirs, drift.tries = still[key].ours, still[key].theirs, drift.tries + 1
        Drift.objects.bulk_update([known[key] for key in still if key in known], ["ours", "theirs", "tries"])
        _heal(channel, {one.key for one in found if one.field != UNKNOWN}, now)
        ChannelHealth.objects.update_or_create(channel=channel, defaults={"checked_at": now})
    still_open = Drift.objects.filter(channel=channel, healed_at=None).count()
    return Verified(checked=len(compared), opened=len(opened), healed=len(healed), open=still_open)


def _heal(channel: Channel, keys: set[str], now: datetime) -> None:
    """Push again, over what is shown, under the same version; a push already on its way does it by itself."""
    if not keys:
        return
    Delivery.objects.filter(channel=channel, topic=OFFER, key__in=keys, state=Delivery.State.DONE).update(
        state=Delivery.State.DUE,
        overwrite=True,
        due_at=now,
        attempts=0,
        waiting_since=Coalesce(F("waiting_since"), now),
    )
    outbox.wake_after_commit()


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
