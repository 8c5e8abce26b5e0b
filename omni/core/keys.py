"""Bearer tokens: issue them, find who one speaks for, end them."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from omni.core.db import write
from omni.core.models import Channel, Location, Token, channel_rights
from omni.core.secrets import fingerprint, new_token

_PREFIX = {Token.Kind.CHANNEL: "ock", Token.Kind.CUSTOMER: "oct", Token.Kind.STAFF: "ost"}


def issue_channel_key(
    *,
    channel: Channel,
    location: Location | None = None,
    rights: list[str] | None = None,
    label: str = "",
    now: datetime,
) -> str:
    """A new key of a channel, for a till bound to its location too. Returned once, kept as a fingerprint."""
    return _issue(
        Token.Kind.CHANNEL,
        channel=channel,
        location=location,
        rights=channel_rights(channel.kind) if rights is None else rights,
        label=label or f"{channel.code} {location.code if location else ''}".strip(),
        created_at=now,
    )


def issue_customer_token(
    *, source_record: int, channel: Channel, now: datetime, lifetime: timedelta = timedelta(days=90)
) -> tuple[str, datetime]:
    """A token with which one customer reaches their own things; returns it and when it expires."""
    expires_at = now + lifetime
    token = _issue(
        Token.Kind.CUSTOMER,
        source_record=source_record,
        channel=channel,
        created_at=now,
        expires_at=expires_at,
    )
    return token, expires_at


def issue_staff_token(
    *, user: AbstractBaseUser, now: datetime, lifetime: timedelta = timedelta(hours=12), label: str = ""
) -> tuple[str, datetime]:
    """A token that may do what the colleague's role and stores allow."""
    expires_at = now + lifetime
    token = _issue(Token.Kind.STAFF, user=user, created_at=now, expires_at=expires_at, label=label)
    return token, expires_at


def find_token(token: str, *, now: datetime) -> Token | None:
    """The live token behind a bearer string, or None."""
    return (
        Token.objects.select_related("channel", "location", "user")
        .filter(fingerprint=fingerprint("token", token), ended_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .first()
    )


def end_customer_tokens(*, source_records: list[int], now: datetime) -> int:
    """End the sign-ins of these source records; returns how many ended."""
    with write():
        return Token.objects.filter(kind=Token.Kind.CUSTOMER, source_record__in=source_records, ended_at=None).update(
            ended_at=now
        )


def _issue(kind: Token.Kind, **fields: Any) -> str:
    token = new_token(_PREFIX[kind])
    with write():
        Token.objects.create(kind=kind, fingerprint=fingerprint("token", token), **fields)
    return token
