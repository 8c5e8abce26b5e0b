"""Everything that happened between a customer and the retailer, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg.types.json import Jsonb

from customers import ports
from customers.models import Interaction, SourceRecord
from customers.ports import TimelineItem
from customers.queries import records_of
from omni.core.db import execute, write
from omni.core.errors import BadRequest, Unprocessable
from omni.core.models import Channel

MOST_AT_ONCE = 500


class TooManyItems(BadRequest):
    code = "too_many_items"
    message = _("Send at most 500 interactions at once.")


class UnknownRecord(Unprocessable):
    code = "unknown_source_record"
    message = _("There is no such source record. Identify the customer first.")


@dataclass(frozen=True, slots=True)
class NewInteraction:
    """One thing that happened, with the id that its channel gives it: the same id again changes nothing."""

    event_id: str
    channel: Channel
    source_record: int
    kind: str
    happened_at: datetime
    about_kind: str = ""
    about: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def record_interactions(*, items: Sequence[NewInteraction], now: datetime) -> int:
    """Take up to 500 interactions and return how many were new; repeats are harmless, in any order.

    Makes the partitions of the months that are needed. Raises TooManyItems (400) and UnknownRecord (422),
    and then takes none.
    """
    if len(items) > MOST_AT_ONCE:
        raise TooManyItems
    known = set(SourceRecord.objects.filter(pk__in={item.source_record for item in items}).values_list("pk", flat=True))
    for index, item in enumerate(items):
        if item.source_record not in known:
            raise UnknownRecord(param=f"interactions[{index}].source_record")
    first = {(item.channel.pk, item.event_id): item for item in reversed(items)}
    with write():
        for month in sorted({date(item.happened_at.year, item.happened_at.month, 1) for item in first.values()}):
            execute("SELECT customers_interaction_month(%s)", [month])
        taken = _take_ids(sorted(first))
        _insert([first[key] for key in taken])
    return len(taken)


def timeline(
    customer_id: int, before: datetime | None, limit: int, channel: str | None = None, kind: str | None = None
) -> list[TimelineItem]:
    """The newest `limit` things that happened before a time, of every room, newest first.

    `channel` is a channel's code, `kind` what happened.
    """
    records = records_of(customer_id)
    rows = Interaction.objects.filter(source_record__in=records).select_related("channel")
    if before is not None:
        rows = rows.filter(happened_at__lt=before)
    if channel:
        rows = rows.filter(channel__code=channel)
    if kind:
        rows = rows.filter(kind=kind)
    items = [
        TimelineItem(row.happened_at, row.kind, row.channel.code, row.about_kind, row.about, row.data)
        for row in rows.order_by("-happened_at", "-id")[:limit]
    ]
    for follower in ports.followers():
        items += _wanted(follower, records, before, limit, channel, kind)
    # A stable sort: things of one instant keep their order, so that pages neither repeat nor lose one.
    return sorted(items, key=lambda item: item.happened_at, reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Some items and where the next page begins: the last instant and how many of its items were shown."""

    items: list[TimelineItem]
    after: list[Any] | None


def timeline_page(
    customer_id: int, *, after: list[Any] | None, limit: int, channel: str | None = None, kind: str | None = None
) -> TimelinePage:
    """One page of the timeline after a place that an earlier page gave. Raises BadRequest for another place."""
    before: datetime | None = None
    instant: datetime | None = None
    shown = 0
    if after is not None:
        try:
            instant, shown = datetime.fromisoformat(str(after[0])), int(after[1])
        except (TypeError, ValueError):
            instant = None
        if instant is None or instant.tzinfo is None or instant.year > 9998 or not 0 <= shown <= 10_000:
            raise BadRequest(_("This cursor is not one of ours. Start again without it."), param="cursor")
        before = instant + timedelta(microseconds=1)
    found = timeline(customer_id, before, limit + shown + 1, channel, kind)[shown:]
    items = found[:limit]
    if len(found) <= limit:
        return TimelinePage(items, None)
    last = items[-1].happened_at
    same = sum(item.happened_at == last for item in items) + (shown if last == instant else 0)
    return TimelinePage(items, [last.isoformat(), same])


def _wanted(
    follower: ports.Follower,
    records: Sequence[int],
    before: datetime | None,
    limit: int,
    channel: str | None,
    kind: str | None,
) -> list[TimelineItem]:
    """A room does not filter, so ask on, further back, until enough of its items are wanted or none is left."""
    found: list[TimelineItem] = []
    ask = limit if not (channel or kind) else max(limit, 200)
    while True:
        items = list(follower.timeline(source_records=records, before=before, limit=ask))
        found += [
            item for item in items if (not channel or item.channel == channel) and (not kind or item.kind == kind)
        ]
        if len(items) < ask or len(found) >= limit:
            return found[:limit]
        before = min(item.happened_at for item in items)


def _take_ids(keys: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Claim event ids; those that were claimed before are not returned."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_interactionid (channel_id, event_id)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[]) ON CONFLICT DO NOTHING RETURNING channel_id, event_id",
            [[key[0] for key in keys], [key[1] for key in keys]],
        )
        return {(row[0], row[1]) for row in cursor.fetchall()}


def _insert(items: Sequence[NewInteraction]) -> None:
    if not items:
        return
    execute(
        "INSERT INTO customers_interaction"
        " (happened_at, source_record_id, channel_id, kind, about_kind, about, data)"
        " SELECT * FROM unnest(%s::timestamptz[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[],"
        " %s::jsonb[])",
        [
            [item.happened_at for item in items],
            [item.source_record for item in items],
            [item.channel.pk for item in items],
            [item.kind for item in items],
            [item.about_kind for item in items],
            [item.about for item in items],
            [Jsonb(item.data) for item in items],
        ],
    )
