"""The one place that writes entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from omni.core.db import assert_in_transaction, fetch_all


@dataclass(frozen=True, slots=True)
class Transfer:
    """Units to move between two accounts. `source` is what makes it unique: (kind, number) of its cause."""

    from_account: int
    to_account: int
    amount: int
    reason: str
    source: tuple[str, str]
    by: str
    order: str = ""
    note: str = ""
    reverses: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry that is there now; `new` says whether this call wrote it, `amount` is what it moved."""

    entry: int
    amount: int
    new: bool


_POST = """
WITH asked AS (
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                       %s::text[], %s::text[], %s::bigint[])
    AS a (f, t, amount, reason, source_kind, source, made_by, about, note, reverses))
INSERT INTO loyalty_entry (from_account_id, to_account_id, amount, reason, source_kind, source, made_by, "order",
                           note, reverses_id, made_at)
SELECT f, t, amount, reason, source_kind, source, made_by, about, note, reverses, %s FROM asked
ON CONFLICT ON CONSTRAINT entry_once DO NOTHING
RETURNING reason, source_kind, source, from_account_id, to_account_id, id, amount
"""

_FIRST = """
SELECT reason, source_kind, source, from_account_id, to_account_id, id, amount FROM loyalty_entry
WHERE (reason, source_kind, source, from_account_id, to_account_id) IN (
  SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[]))
"""

_Key = tuple[str, str, str, int, int]


def post(*, transfers: Sequence[Transfer], now: datetime) -> list[Posted]:
    """Write entries in one statement and return them in the order asked.

    A transfer that was posted before (same reason, source and accounts) is not posted again: the first entry is
    the answer. Locks the members' accounts ascending by id and moves their balances (a trigger does both); a
    balance that may not be negative is refused by the database. Whoever looks at balances or lots before
    deciding locks the accounts first (`lock_accounts`). Runs inside the caller's transaction.
    """
    assert_in_transaction()
    if not transfers:
        return []
    added = _by_key(
        fetch_all(
            _POST,
            [
                [transfer.from_account for transfer in transfers],
                [transfer.to_account for transfer in transfers],
                [transfer.amount for transfer in transfers],
                [transfer.reason for transfer in transfers],
                [transfer.source[0] for transfer in transfers],
                [transfer.source[1] for transfer in transfers],
                [transfer.by[:100] for transfer in transfers],
                [transfer.order for transfer in transfers],
                [transfer.note[:300] for transfer in transfers],
                [transfer.reverses for transfer in transfers],
                now,
            ],
        )
    )
    repeated = [key for key in map(_key, transfers) if key not in added]
    first = _by_key(fetch_all(_FIRST, [list(column) for column in zip(*repeated, strict=True)])) if repeated else {}
    return [
        Posted(entry, amount, new=key in added)
        for key in map(_key, transfers)
        for entry, amount in [added.get(key) or first[key]]
    ]


def _key(transfer: Transfer) -> _Key:
    return transfer.reason, *transfer.source, transfer.from_account, transfer.to_account


def _by_key(rows: list[tuple[str, str, str, int, int, int, int]]) -> dict[_Key, tuple[int, int]]:
    return {
        (reason, kind, source, from_account, to_account): (entry, amount)
        for reason, kind, source, from_account, to_account, entry, amount in rows
    }
