"""Which user runs the embedded PostgreSQL, and how that user reaches its files.

PostgreSQL refuses to run as root, so a root shell starts it as somebody else: whoever owns the cluster or
the data folder already, else the user `pgserver`, made when it is missing, else `nobody`. That user must be
able to walk to the cluster and to the server's programs, so directories on these two paths that are closed
to it (typically /root) get the execute bit for others: they can be walked through, not listed or read.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from omni.embedded.postgres.folder import EmbeddedError, owner_of

ACCOUNT_NAME = "pgserver"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine who runs the server."""

    uid: int
    gid: int
    name: str


def server_account(data_dir: Path, cluster: Path) -> Account:
    """The user who runs the server over this cluster: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return _account(os.geteuid())
    for owner in (owner_of(cluster), owner_of(data_dir)):
        if owner != 0:
            return _account(owner)
    for name in (ACCOUNT_NAME, "nobody"):
        if name == ACCOUNT_NAME and not _known(name):
            _make_account()
        if _known(name):
            return _account(pwd.getpwnam(name).pw_uid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this machine has no other user to run it."
        f" Make one (`useradd --system {ACCOUNT_NAME}`), or start as an ordinary user."
    )


def make_reachable(path: Path, account: Account) -> None:
    """Let the account walk to `path`: adds the execute bit for others where, and only where, it is shut out."""
    if os.geteuid() != 0 or account.uid == 0:
        return
    for folder in reversed(path.parents):
        at = folder.stat()
        needed = (
            stat.S_IXUSR if at.st_uid == account.uid else stat.S_IXGRP if at.st_gid == account.gid else stat.S_IXOTH
        )
        if not at.st_mode & needed:
            folder.chmod(stat.S_IMODE(at.st_mode) | needed)


def make_readable(folder: Path) -> None:
    """Let everybody read and run what is in a folder of programs that a strict umask installed for root alone."""
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        runs = path.is_dir() or mode & stat.S_IXUSR
        path.chmod(mode | (0o055 if runs else 0o044))


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedError(
            f"The user with uid {uid} has no entry in /etc/passwd, and PostgreSQL needs one."
            " Add the user, or start as one who has an entry."
        ) from None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name)


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _make_account() -> None:
    """Try; a machine without the tool, or with a read-only /etc, falls back to `nobody`."""
    if tool := shutil.which("useradd"):
        command = [tool, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
    elif tool := shutil.which("adduser"):
        command = [tool, "-S", "-D", "-H", ACCOUNT_NAME]
    else:
        return
    subprocess.run(command, check=False, capture_output=True)  # noqa: S603  fixed arguments
