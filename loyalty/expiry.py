"""Points end with their lot."""

from dataclasses import dataclass
from datetime import datetime

from loyalty.ledger import lots
from loyalty.ledger.posting import Transfer, post
from loyalty.models import Entry
from omni.core.db import fetch_all, write

BATCH = 1_000

# The account is locked with the lot, so that nobody spends from it between this look and the posting.
_ENDED = """
SELECT l.id, l.account_id, l.remaining, x.id
FROM loyalty_lot l
JOIN loyalty_account a ON a.id = l.account_id
JOIN loyalty_account x ON x.programme_id = a.programme_id AND x.kind = 'expired' AND x.source_record_id IS NULL
WHERE l.remaining > 0 AND l.expires_at <= %s AND l.id > %s
ORDER BY l.id LIMIT %s FOR NO KEY UPDATE OF l, a SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class _Ended:
    lot: int
    account: int
    left: int
    expired_account: int


def expire_lots(*, now: datetime) -> int:
    """Take what is left in lots whose time is over; returns how many points.

    Set-based. May run twice and at the same time: what somebody else has locked is left to the next run, so it
    never waits.
    """
    after = points = 0
    while True:
        with write():
            ended = [_Ended(*row) for row in fetch_all(_ENDED, [now, after, BATCH])]
            if not ended:
                return points
            # The time is part of the source: a lot can get points back that were held while it ended.
            posted = post(
                transfers=[
                    Transfer(
                        one.account,
                        one.expired_account,
                        one.left,
                        Entry.Reason.EXPIRE,
                        ("lot", f"{one.lot}@{now.isoformat()}"),
                        "loyalty",
                    )
                    for one in ended
                ],
                now=now,
            )
            lots.allot(
                [lots.Allotment(entry.entry, one.lot, one.left) for one, entry in zip(ended, posted, strict=True)]
            )
        after = ended[-1].lot
        points += sum(one.left for one in ended)
