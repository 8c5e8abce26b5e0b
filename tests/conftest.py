"""What every test has: a clock that stands still where a test says so, and a database that may be emptied."""

from datetime import UTC, datetime

import pytest
from django.db import connection


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Tests with real transactions clean up by TRUNCATE, which append-only tables refuse otherwise.
        cursor.execute(f"ALTER DATABASE \"{connection.settings_dict['NAME']}\" SET omni.may_truncate = 'on'")
    connection.close()


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in Ho Chi Minh City."""
    return datetime(2026, 6, 17, 5, 0, tzinfo=UTC)
