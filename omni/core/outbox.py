"""The outbox: a change is noted in the transaction that makes it, and told to the world after the commit.

`note` writes rows; the relay (omni.channels.relay) turns them into deliveries for channels and calls the
hearers that omni.wiring registered. Losing a wake-up or the whole broker loses nothing: a sweep finds the rows.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from omni.core.db import assert_in_transaction
from omni.core.models import OutboxMessage

logger = logging.getLogger(__name__)

Hearer = Callable[..., None]
_hearers: dict[str, list[Hearer]] = {}
_wakers: list[Callable[[], None]] = []


@dataclass(frozen=True, slots=True)
class Change:
    """One change to tell: what happened, to which thing, and the thing's version where it has one."""

    kind: str
    key: str
    version: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)


def note(changes: Iterable[Change], *, now: datetime) -> None:
    """Write outbox rows for changes of the running transaction, and wake the relay once it has committed."""
    assert_in_transaction()
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                kind=change.kind,
                key=change.key,
                version=change.version,
                payload=dict(change.payload),
                created_at=now,
            )
            for change in changes
        ]
    )
    wake_after_commit()


def wake_after_commit() -> None:
    """Wake the relay after the commit; for use cases that write their outbox rows in SQL of their own."""
    for waker in _wakers:
        transaction.on_commit(partial(_wake, waker), robust=True)


def on_wake(waker: Callable[[], None]) -> None:
    """Register what makes the relay run soon (omni.wiring)."""
    if waker not in _wakers:
        _wakers.append(waker)


def hear(kind: str, hearer: Hearer) -> None:
    """Register `hearer(message=..., now=...)` for a kind of message (omni.wiring). It runs in a transaction of
    its own with the row that says it has heard, so its effect on our database happens once."""
    hearers = _hearers.setdefault(kind, [])
    if hearer not in hearers:
        hearers.append(hearer)


def hearers_of(kind: str) -> list[Hearer]:
    return list(_hearers.get(kind, []))


def hearer_name(hearer: Hearer) -> str:
    return f"{hearer.__module__}.{hearer.__qualname__}"


def all_hearers() -> dict[str, list[Hearer]]:
    return {kind: list(hearers) for kind, hearers in _hearers.items()}


def _wake(waker: Callable[[], None]) -> None:
    # A broker that is gone must not fail the request whose change is already safe in the database.
    try:
        waker()
    except Exception as error:
        logger.warning("The relay could not be woken; its sweep will find the work: %r", error)
