"""What rooms above must do when customers change: they implement `Follower`, omni.wiring registers them.

What hangs on a source record never moves, so a follower has little to do on a merge: end what belongs to the
customer as such (facts, tiers, an open cart too many). Every call happens inside the transaction of the merge,
un-merge or erasure, in the order of registration, which is the order of locks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from django.db.models import Model

from customers.models import SourceRecord
from omni.core.models import Channel


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One line of a customer's timeline, whichever room it comes from."""

    happened_at: datetime
    kind: str
    channel: str
    about_kind: str = ""
    about: str = ""
    data: Mapping[str, Any] | None = None
    # What happened in the reader's language, where the room has better words than the kind.
    words: str = ""


class Follower(Protocol):
    """A room's part in what happens to customers. `models` are its tables with a key to them."""

    models: Sequence[type[Model]]

    def merged(self, *, survivor: int, absorbed: Sequence[int], now: datetime) -> None:
        """The customers `absorbed` became `survivor`; memberships already say so."""

    def unmerged(self, *, customers: Sequence[int], now: datetime) -> None:
        """These customers are what one became; memberships already say so."""

    def erased(self, *, customer: int, source_records: Sequence[int], now: datetime) -> None:
        """Forget what is personal; keep what the law demands."""

    def exported(self, *, source_records: Sequence[int]) -> dict[str, Any]:
        """What this room holds of the person, for their export."""

    def timeline(self, *, source_records: Sequence[int], before: datetime | None, limit: int) -> Sequence[TimelineItem]:
        """The room's newest `limit` items of the timeline before a time."""


@runtime_checkable
class TellsInShort(Protocol):
    """A follower that has something to say at the top of a customer's page."""

    def in_short(self, *, source_records: Sequence[int], now: datetime) -> Sequence[tuple[str, str]]:
        """(name, what is known) in the reader's language; what is known may be safe HTML."""


_followers: list[Follower] = []


def register(follower: Follower) -> None:
    """Add a follower (omni.wiring); in lock order."""
    if follower not in _followers:
        _followers.append(follower)


def followers() -> Sequence[Follower]:
    return tuple(_followers)


def in_short(*, source_records: Sequence[int], now: datetime) -> list[tuple[str, str]]:
    """What every room has to say of the person, in the rooms' order."""
    told: list[tuple[str, str]] = []
    for follower in _followers:
        if isinstance(follower, TellsInShort):
            told += follower.in_short(source_records=source_records, now=now)
    return told


class SignedInListener(Protocol):
    """What a room does when somebody signs in; a room that knows carts takes over the guest's, and says how."""

    def __call__(
        self, *, source_record: SourceRecord, channel: Channel, cart: str | None, now: datetime
    ) -> dict[str, Any] | None: ...


_on_sign_in: list[SignedInListener] = []


def on_sign_in(listener: SignedInListener) -> None:
    """Register a listener (omni.wiring); it runs inside the transaction of the sign-in."""
    if listener not in _on_sign_in:
        _on_sign_in.append(listener)


def signed_in(
    *, source_record: SourceRecord, channel: Channel, cart: str | None, now: datetime
) -> dict[str, Any] | None:
    """Tell the listeners; the first answer that there is, is the cart's."""
    answers = [listener(source_record=source_record, channel=channel, cart=cart, now=now) for listener in _on_sign_in]
    return next((answer for answer in answers if answer is not None), None)
