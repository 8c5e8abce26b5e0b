"""Lots: units of an available account that expire together, taken first-expiring first.

What an account has and what its lots have left is the same number, except that an account below zero has nothing
left in its lots; what comes in then pays the debt before it can be spent.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty.rules import Left, Part
from omni.core.db import execute, fetch_all

_LEFT = """
SELECT id, account_id, remaining, expires_at FROM loyalty_lot
WHERE account_id = ANY(%s) AND remaining > 0 {also} ORDER BY expires_at NULLS LAST, id
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that an entry brought into an available account as a new lot; `debt` of them pay what was owed."""

    account: int
    entry: int
    amount: int
    expires_at: datetime | None
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Allotment:
    """How much of a lot an entry took, or gave back if negative."""

    entry: int
    lot: int
    amount: int


def spendable(accounts: Collection[int], *, now: datetime) -> list[Left]:
    """What is left in lots that have not expired, first-expiring first. The caller has locked the accounts."""
    rows = fetch_all(_LEFT.format(also="AND (expires_at IS NULL OR expires_at > %s)"), [list(accounts), now])
    return [Left(*row) for row in rows]


def left(accounts: Collection[int]) -> list[Left]:
    """All that is left in lots, expired or not, first-expiring first. The caller has locked the accounts."""
    return [Left(*row) for row in fetch_all(_LEFT.format(also=""), [list(accounts)])]


def lots_of_order(order: str) -> set[int]:
    """The lots that an order's own points became."""
    rows = fetch_all(
        "SELECT l.id FROM loyalty_lot l JOIN loyalty_entry e ON e.id = l.entry_id"
        " WHERE e.\"order\" = %s AND e.reason = 'release'",
        [order],
    )
    return {lot for (lot,) in rows}


def allot(allotments: Sequence[Allotment]) -> None:
    """Write down which lots entries took from or gave back to, and move what is left in each."""
    if not allotments:
        return
    execute(
        "WITH part AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS p (entry, lot, amount)),"
        " noted AS (INSERT INTO loyalty_allocation (entry_id, lot_id, amount) SELECT entry, lot, amount FROM part)"
        " UPDATE loyalty_lot l SET remaining = l.remaining - s.amount"
        " FROM (SELECT lot, sum(amount) AS amount FROM part GROUP BY lot) s WHERE l.id = s.lot",
        [[part.entry for part in allotments], [part.lot for part in allotments], [part.amount for part in allotments]],
    )


def arrive(arrivals: Sequence[Arrival], *, now: datetime) -> None:
    """Make the lots of units that came in; what paid a debt is taken out of them at once."""
    if not arrivals:
        return
    made = fetch_all(
        "INSERT INTO loyalty_lot (account_id, entry_id, amount, remaining, opened_at, expires_at)"
        " SELECT account, entry, amount, amount, %s, expires_at"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])"
        " AS a (account, entry, amount, expires_at) RETURNING id, entry_id",
        [
            now,
            [arrival.account for arrival in arrivals],
            [arrival.entry for arrival in arrivals],
            [arrival.amount for arrival in arrivals],
            [arrival.expires_at for arrival in arrivals],
        ],
    )
    lots = {entry: lot for lot, entry in made}
    allot([Allotment(a.entry, lots[a.entry], a.debt) for a in arrivals if a.debt])


def per_account(parts: Sequence[Part]) -> dict[int, int]:
    """How much the parts come to on each account, ascending by account."""
    totals: dict[int, int] = {}
    for part in sorted(parts, key=lambda part: part.account):
        totals[part.account] = totals.get(part.account, 0) + part.amount
    return totals
