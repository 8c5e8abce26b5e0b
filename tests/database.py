"""What tests of the database's own rules share."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction


@contextmanager
def refused_by(rule: str) -> Iterator[None]:
    """The statements inside are refused, at the latest at the commit, by this constraint or trigger."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():  # noqa: PT012
        yield
        connection.check_constraints()
    assert refusal.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]


def run(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def empty(table: str) -> None:
    """TRUNCATE, after what waits for the commit has been looked at."""
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(f"TRUNCATE {table} CASCADE")
