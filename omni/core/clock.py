"""The business clock. Use cases take `now`; only edges (views, tasks, commands) ask here."""

import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

_cached: tuple[float, timedelta] = (0.0, timedelta())
_FRESH_SECONDS = 0.5


def now() -> datetime:
    """The time of the business, aware, UTC. Real time, except where a demo or test moved its clock."""
    if not settings.CLOCK_CAN_MOVE:
        return datetime.now(UTC)
    return datetime.now(UTC) + _offset()


def advance(*, by: timedelta) -> datetime:
    """Move the running shop's clock ahead for every process; returns the new time.

    Raises RuntimeError in production and ValueError for a move backwards: time only goes on.
    """
    global _cached
    if not settings.CLOCK_CAN_MOVE:
        raise RuntimeError("The clock does not move in production.")
    if by < timedelta():
        raise ValueError("The clock only moves ahead.")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_shopclock (id, ahead) VALUES (1, make_interval(secs => %s))"
            " ON CONFLICT (id) DO UPDATE SET ahead = core_shopclock.ahead + excluded.ahead",
            [by.total_seconds()],
        )
    _cached = (0.0, timedelta())
    return now()


def _offset() -> timedelta:
    global _cached
    read_at, ahead = _cached
    if time.monotonic() - read_at > _FRESH_SECONDS or read_at == 0.0:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ahead FROM core_shopclock WHERE id = 1")
            row = cursor.fetchone()
        ahead = row[0] if row else timedelta()
        _cached = (time.monotonic(), ahead)
    return ahead
