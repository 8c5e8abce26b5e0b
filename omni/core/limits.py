"""Limits on how often something may be tried, counted in PostgreSQL so that every process sees one count."""

import time

from django.conf import settings
from django.http import HttpRequest

from omni.core.db import fetch_all
from omni.core.errors import TooMany


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from. Behind our proxy it is what the proxy wrote last into X-Forwarded-For;
    whatever stands before that, and the whole header where there is no proxy, anybody can write."""
    if settings.BEHIND_PROXY:
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if told:
            return told[:60]
    return str(request.META.get("REMOTE_ADDR", ""))


def refuse_above(bucket: str, *, limit: int, seconds: int) -> None:
    """Raises TooMany where `limit` wrong tries were counted in this window already; counts nothing itself."""
    now = int(time.time())
    told = fetch_all(
        'SELECT hits FROM core_ratecounter WHERE bucket = %s AND "window" = %s', [f"{bucket}/{seconds}", now // seconds]
    )
    if told and told[0][0] >= limit:
        raise TooMany(details={"retry_after": seconds - now % seconds})


def hit(bucket: str, *, limit: int, seconds: int) -> None:
    """Count one try; raises TooMany when more than `limit` came in this window of real time.

    Call it outside the transaction of the write it guards, so that a refused write still counts.
    """
    now = int(time.time())
    window = now // seconds
    hits = fetch_all(
        'INSERT INTO core_ratecounter (bucket, "window", hits) VALUES (%s, %s, 1)'
        ' ON CONFLICT (bucket, "window") DO UPDATE SET hits = core_ratecounter.hits + 1 RETURNING hits',
        [f"{bucket}/{seconds}", window],
    )[0][0]
    if hits > limit:
        raise TooMany(details={"retry_after": seconds - now % seconds})
