"""Limits on how often something may be tried, counted in PostgreSQL so that every process sees one count."""

import time

from omni.core.db import fetch_all
from omni.core.errors import TooMany


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
