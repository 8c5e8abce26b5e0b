"""What `manage.py` does around Django's command line: have the database run, and end it with the command."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from omni.embedded import postgres

# `demo` starts the server itself, when it has cleared the way; the others never ask a database.
WITHOUT_DATABASE = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "demo",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "startapp",
        "startproject",
        "version",
    }
)


def main(argv: list[str]) -> None:
    """Run one command. Embedded errors are told in one line, with exit code 1; Ctrl-C ends it without a word."""
    try:
        _run(argv)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _run(argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omni.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.utils import translation

    signal.signal(signal.SIGTERM, _end)
    try:
        with _folder_of_its_own(argv), _database(argv):
            django.setup()
            with translation.override(terminal_language()):
                execute_from_command_line(argv)
    except (postgres.EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(f"Error: {error}")


def terminal_language() -> str:
    """What whoever types the command reads; the shop's own language is for its customers."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "vi" if told.startswith("vi") else "en"


@contextlib.contextmanager
def _database(argv: list[str]) -> Iterator[None]:
    if not needs_database(argv):
        yield
        return
    from django.conf import settings

    if not settings.EMBEDDED_DATABASE:
        yield
        return
    with postgres.running(settings.DATA_DIR):
        yield


def needs_database(argv: list[str]) -> bool:
    """Whether the command asks the database; one that we do not know is taken to."""
    command = argv[1] if len(argv) > 1 else "help"
    only_explains = bool({"-h", "--help", "--version"} & set(argv[1:]))
    return not only_explains and not (command in WITHOUT_DATABASE and "--database" not in argv)


@contextlib.contextmanager
def _folder_of_its_own(argv: list[str]) -> Iterator[None]:
    """`demo --check` opens a shop apart from any other: the settings must know its folder before they load."""
    if argv[1:2] != ["demo"] or "--check" not in argv or {"-h", "--help"} & set(argv):
        yield
        return
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="omni-check-"))
    os.environ["OMNI_DATA_DIR"] = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(postgres.socket_dir(folder), ignore_errors=True)


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    """A command that is asked to end leaves the database properly."""
    sys.exit(128 + signum)
