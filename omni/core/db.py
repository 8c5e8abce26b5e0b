"""Transactions and locks: who opens, in which order rows are locked, and what a constraint means.

The one order of locks, everywhere: customer, cart, order, slot, coupon and budget, ledger account, and last,
because most contended, stock by variant and location; ascending id within each. Rows are locked with
`FOR NO KEY UPDATE` (`lock`) or changed by a conditional UPDATE whose row count is the answer. Waits are
bounded by `lock_timeout`, which answers 409 `busy`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

from django.db import connection, models, transaction
from django.db.models import QuerySet

Row = TypeVar("Row", bound=models.Model)


@contextmanager
def write() -> Iterator[None]:
    """Open the transaction of a use case, or join the one that the caller opened.

    Joining makes no savepoint: a refusal inside ends the whole write, so nothing is half done.
    """
    with transaction.atomic(savepoint=False):
        yield


def assert_in_transaction() -> None:
    """For functions that other rooms call as one step of their own write."""
    if not connection.in_atomic_block:
        raise RuntimeError("This is one step of a write; its caller opens the transaction.")


def lock(rows: QuerySet[Row]) -> list[Row]:
    """Lock rows FOR NO KEY UPDATE in ascending primary key and return them."""
    assert_in_transaction()
    return list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))


def fetch_all(sql: str, params: Any = None) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def execute(sql: str, params: Any = None) -> int:
    """Run one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def database_url() -> str:
    """This process's database as a DATABASE_URL for another; a server on a socket stands with its folder in the
    path."""
    at = connection.settings_dict
    user = quote(str(at["USER"]), safe="") + (f":{quote(str(at['PASSWORD']), safe='')}" if at["PASSWORD"] else "")
    if str(at["HOST"]).startswith("/"):
        return f"postgres://{user}@/{at['HOST']}/{at['NAME']}"
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgres://{user}@{at['HOST']}{port}/{at['NAME']}"
