"""What every test has: a database that may be emptied, and a moment to call now."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.embedded_server import django_db_modify_db_settings, embedded_server  # noqa: F401


@pytest.fixture(scope="session", autouse=True)
def emptying_reaches_partitions():
    """Tests with real transactions clean up by TRUNCATE of the models' tables; the partitioned interactions are
    made in SQL and refer to some of them, so the TRUNCATE has to cascade."""
    flush = DatabaseOperations.sql_flush

    def cascading(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        return flush(self, style, tables, reset_sequences=reset_sequences, allow_cascade=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", cascading)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Append-only tables refuse TRUNCATE elsewhere.
        cursor.execute(f"ALTER DATABASE \"{connection.settings_dict['NAME']}\" SET omni.may_truncate = 'on'")
    connection.close()


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Ho Chi Minh City."""
    return datetime(2026, 6, 17, 5, 0, tzinfo=UTC)
