"""Fixtures for conftest: where no DATABASE_URL is set, the suite runs on the embedded PostgreSQL."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[None]:
    """Have the embedded server run for the session; nothing to do with an outside database."""
    from django.conf import settings

    if not settings.EMBEDDED_DATABASE:
        yield
        return
    from omni.embedded import postgres

    with postgres.running(settings.DATA_DIR):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, embedded_server: None) -> None:
    """Runs just before the test database is made; that is when the server must be there."""
