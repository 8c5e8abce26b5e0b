"""What every channel adapter is: a few methods that turn our states and messages into one platform's calls.

An adapter keeps nothing between calls: what it needs is in the channel's settings and in what it is given.
It reads no database, opens no transaction and lets the pusher decide about retries; it only says what happened.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from django.db import connection
from django.utils.translation import gettext_lazy as _

from catalog.offers import OfferState
from omni.core.errors import Unauthenticated
from omni.core.http import Answer, TransportError
from omni.core.models import Channel

# What is pushed: the state of a SKU, or a message to one person.
OFFER = "offer"
NOTICE = "notice"


class BadSignature(Unauthenticated):
    code = "bad_signature"
    message = _("The signature is wrong, or the message is older than five minutes.")


class BatchRefused(TransportError):
    """The platform refused a whole batch for what is in it; the pusher tries its halves, down to the culprit."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to send. `id` is the same for every try, so that a repeat can be recognised."""

    id: str
    to: str
    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to push: the latest state of an offer, or a message.

    `overwrite`: the channel shows something else under this very version; write over it. `theirs` is what the
    channel calls it, where we know.
    """

    key: str
    version: int
    offer: OfferState | None = None
    message: Message | None = None
    overwrite: bool = False
    theirs: str | None = None

    @property
    def state(self) -> OfferState:
        assert self.offer is not None
        return self.offer

    @property
    def mail(self) -> Message:
        assert self.message is not None
        return self.message


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item. Not ok and permanent: trying again cannot help. `theirs`: what they call it."""

    key: str
    ok: bool
    permanent: bool = False
    reason: str = ""
    theirs: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a channel shows of one SKU; fields that it does not show are left out of `Adapter.shows`."""

    key: str
    version: int | None = None
    price: int | None = None
    promotion_price: int | None = None
    atp: int | None = None
    sellable: bool | None = None


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """A line as the channel tells it; amounts in minor units, `total` after its discounts."""

    sku: str
    quantity: int
    unit_price: int
    total: int
    gtin: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ChannelOrder:
    """An order as the channel tells it. Times are by the channel's clock."""

    external_id: str
    placed_at: datetime
    modified_at: datetime
    currency: str
    total: int
    lines: Sequence[ChannelLine]
    charges: Sequence[Mapping[str, Any]] = ()
    contact: Mapping[str, str] = field(default_factory=dict)
    fulfilment: Mapping[str, Any] = field(default_factory=dict)
    paid: bool = True
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A hint that something happened there; the thing itself is read from the channel."""

    id: str
    kind: str
    key: str = ""


class Adapter(ABC):
    """The base of every adapter. What a platform cannot do keeps the answer given here."""

    # Which topics it takes (OFFER, NOTICE).
    handles: ClassVar[frozenset[str]] = frozenset()
    # How many items go into one call, and the seconds that one call may take in all.
    batch_size: ClassVar[int] = 100
    deadline: ClassVar[float] = 10.0
    # Which fields of Shown its read-back tells; drift is measured on these.
    shows: ClassVar[frozenset[str]] = frozenset({"price", "promotion_price", "atp", "sellable"})
    # Whether orders are placed there.
    sells: ClassVar[bool] = False
    # The keys that a channel's settings must have.
    needs: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def push(self, channel: Channel, items: Sequence[Item]) -> list[ItemResult]:
        """Tell the channel; one result an item, an item without one was not tried.

        An item older than what the channel shows is ok: the channel is ahead. Raises TransportError where the
        channel as a whole did not answer well, BatchRefused where it refuses a batch for what is in it.
        """

    def read_back(self, channel: Channel, keys: Sequence[str] | None) -> list[Shown]:
        """What the channel shows now of these SKUs, or of all; a SKU that it does not show is left out."""
        return []

    def expected(self, channel: Channel, offer: OfferState) -> Shown:
        """What the channel should show for an offer, where it means something else by a field than we do."""
        return Shown(
            key=offer.sku,
            version=offer.version,
            price=offer.price,
            promotion_price=offer.promotion_price,
            atp=offer.atp,
            sellable=offer.sellable,
        )

    def pull_orders(
        self, channel: Channel, *, since: datetime | None = None, ids: Sequence[str] = ()
    ) -> list[ChannelOrder]:
        """Orders changed since a time by the channel's clock, the oldest change first, or those of given ids."""
        return []

    def parse_webhook(
        self, channel: Channel, headers: Mapping[str, str], raw: bytes, *, received_at: datetime
    ) -> list[Event]:
        """Check the signature over the raw body and say what it hints at. Raises BadSignature.

        `received_at` is real time: the other side signs with its own clock, which no demo moves.
        """
        raise BadSignature


def setting(channel: Channel, name: str) -> Any:
    """A value of the channel's settings. TransportError (permanent) where it is missing: a person must set it."""
    try:
        return channel.settings[name]
    except KeyError as missing:
        raise TransportError(f"the channel's settings lack {name!r}", permanent=True) from missing


def bearer(token: str | None) -> dict[str, str]:
    """The header that shows a token, if there is one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def check(answer: Answer) -> Answer:
    """Turn an answer that is no success into the error that the pusher understands."""
    if 200 <= answer.status < 300:
        return answer
    told = answer.body[:200].decode(errors="replace")
    if answer.status in (400, 409, 413, 422):
        raise BatchRefused(f"HTTP {answer.status}: {told}", permanent=True)
    if answer.status == 429:
        raise TransportError(f"HTTP 429: {told}", retry_after=_seconds(answer.headers.get("Retry-After")))
    raise TransportError(f"HTTP {answer.status}: {told}", permanent=answer.status in (401, 403, 404, 410))


def assert_no_transaction() -> None:
    """For protocols that omni.core.http does not speak: a slow partner must never hold our locks."""
    if connection.in_atomic_block:
        raise RuntimeError("No network inside a transaction: write an outbox row and let the relay speak.")


def _seconds(told: str | None) -> float | None:
    # The date form of Retry-After is rare; the breaker's own wait does for it.
    return float(told) if told and told.isdecimal() else None
