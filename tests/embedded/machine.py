"""What the tests do to an embedded server: run pieces of Python as other processes, ask it, kill it."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from omni.embedded import postgres

ROOT = Path(__file__).resolve().parents[2]

# Starts the server, says so, and keeps it until its input ends.
HOLD = """
import sys
from pathlib import Path
from omni.embedded import postgres
postgres.ensure_running(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
"""


class Holder:
    """Another process that uses the server of a data folder."""

    def __init__(self, data_dir: Path, python: str = sys.executable, **popen: Any) -> None:
        self.process = subprocess.Popen(
            [python, "-c", HOLD, str(data_dir)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(Path(psycopg.__file__).parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **popen,
        )

    def wait_until_up(self) -> "Holder":
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        assert line == "up\n", self.process.stderr.read()
        return self

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


def ask(data_dir: Path, sql: str) -> Any:
    at = postgres.django_database(data_dir)
    with psycopg.connect(
        host=at["HOST"], port=at["PORT"], user=at["USER"], dbname=at["NAME"], autocommit=True, connect_timeout=5
    ) as connection:
        cursor = connection.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def is_up(data_dir: Path) -> bool:
    try:
        return bool(ask(data_dir, "SELECT 1") == 1)
    except psycopg.OperationalError:
        return False


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])


def kill_server(data_dir: Path) -> None:
    os.kill(server_pid(data_dir), signal.SIGKILL)


def ordinary_user() -> dict[str, Any]:
    """Popen arguments that make a child an ordinary user, where the tests run as root."""
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def python_for_an_ordinary_user() -> str:
    """Our own Python, or the system's of the same version where ours lies in root's home; skips without."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    show = "import sys; print('%d.%d' % sys.version_info[:2])"
    for python in (sys.executable, f"/usr/bin/python{ours}", f"/usr/local/bin/python{ours}"):
        try:
            told = subprocess.run([python, "-c", show], capture_output=True, text=True, **ordinary_user())
        except OSError:
            continue
        if told.stdout.strip() == ours:
            return python
    pytest.skip(f"an ordinary user can run no Python {ours} here")
