"""What every test has: a database that may be emptied, and a moment to call now."""

from datetime import UTC, datetime

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.embedded_server import django_db_modify_db_settings, embedded_server  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def emptying_is_quick():
    """Tests with real transactions empty every table afterwards. DELETE with triggers off takes milliseconds where
    TRUNCATE takes seconds, passes the tables that are append-only, and reaches the partitioned interactions."""

    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        names = [*tables, "customers_interaction"] if tables else []
        deletes = [f"DELETE FROM {self.quote_name(name)}" for name in names]
        return ["SET LOCAL session_replication_role = replica", *deletes]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Ho Chi Minh City."""
    return datetime(2026, 6, 17, 5, 0, tzinfo=UTC)
