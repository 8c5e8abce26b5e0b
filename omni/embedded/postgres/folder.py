"""The data folder: where it is, whose it is, its secret, and the locks by which processes share it."""

import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK_WAIT_SECONDS = 180.0


class EmbeddedError(Exception):
    """Something on this machine stands in the way; the message tells a person what to do about it."""


def open_folder(data_dir: Path) -> Path:
    """Make the data folder if it is not there and return its real path. EmbeddedError if it is not ours."""
    data_dir = data_dir.expanduser().resolve()
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        usable = os.access(data_dir, os.R_OK | os.W_OK | os.X_OK)
    except OSError as error:
        raise EmbeddedError(
            f"The data folder {data_dir} cannot be made: {error.strerror}."
            " Set OMNI_DATA_DIR to a folder where you may write."
        ) from error
    if not usable and (owner := data_dir.stat().st_uid) != os.geteuid():
        raise EmbeddedError(
            f"The data folder {data_dir} belongs to another user (uid {owner})."
            " Run as that user, or set OMNI_DATA_DIR to a folder of your own."
        )
    if not usable:
        raise EmbeddedError(
            f"The data folder {data_dir} is read-only. Make it writable (`chmod u+rwx`), or set OMNI_DATA_DIR to"
            " another folder."
        )
    return data_dir


def owner_of(data_dir: Path) -> int:
    """The uid that owns the folder, or that would own it once we make it."""
    try:
        return data_dir.stat().st_uid
    except OSError:
        return os.geteuid()


def give_to_owner(path: Path, data_dir: Path) -> None:
    """What root makes in somebody's data folder belongs to that somebody, who could not use it otherwise."""
    if os.geteuid() == 0 and (owner := data_dir.stat()).st_uid != 0:
        os.chown(path, owner.st_uid, owner.st_gid)


def local_secret(data_dir: Path) -> str:
    """The random secret of this data folder, made once and readable by its owner only.

    Any number of processes may ask for it first at once: all get the same one.
    """
    data_dir = open_folder(data_dir)
    file = data_dir / "secret"
    if secret := _read(file):
        return secret
    folder = os.open(data_dir, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if secret := _read(file):
            return secret
        handle, name = tempfile.mkstemp(dir=data_dir, prefix="secret.")
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(64))
            out.flush()
            os.fsync(out.fileno())
        give_to_owner(Path(name), data_dir)
        os.replace(name, file)
        return _read(file)
    finally:
        os.close(folder)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return ""
    except PermissionError as error:
        raise EmbeddedError(f"{file} belongs to another user. Run as that user, or set OMNI_DATA_DIR.") from error


class FileLock:
    """A flock on a file of the data folder. The kernel releases it when its process dies, however it dies.

    Python opens files close-on-exec, so a started program never inherits the lock; a fork gives it up.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        self._pid = os.getpid()
        give_to_owner(file, file.parent)
        os.register_at_fork(after_in_child=self.close)

    def take(self, *, shared: bool = False) -> bool:
        """Try to take the lock without waiting."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the lock up. Closing twice is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold a lock alone, waiting for whoever has it; EmbeddedError after three minutes."""
    lock = FileLock(file)
    try:
        give_up = time.monotonic() + LOCK_WAIT_SECONDS
        while not lock.take():
            if time.monotonic() > give_up:
                raise EmbeddedError(f"Another process has held {file} for minutes. End it and try again.")
            time.sleep(0.05)
        yield
    finally:
        lock.close()


def remove_if_there(file: Path) -> None:
    """Unlink a file that may be gone already."""
    with suppress(FileNotFoundError):
        file.unlink()
