"""The embedded PostgreSQL 18 of a first run, and the data folder it lives in. Imports no Django: the settings
are built with it."""

from omni.embedded.postgres.folder import EmbeddedError, local_secret
from omni.embedded.postgres.server import (
    cleared,
    django_database,
    ensure_running,
    recreate_database,
    release,
    revive,
    running,
    socket_dir,
    stop_now,
)

__all__ = [
    "EmbeddedError",
    "cleared",
    "django_database",
    "ensure_running",
    "local_secret",
    "recreate_database",
    "release",
    "revive",
    "running",
    "socket_dir",
    "stop_now",
]
