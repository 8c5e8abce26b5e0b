"""The worker and the beat as processes of their own, started as docs/operators.md says, on the test database."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from omni.core.db import database_url

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "omni.celery"]


class Processes:
    """Starts them, and kills whatever of them is left."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "celery.log").open("a+")
        self._started: list[subprocess.Popen[bytes]] = []
        self._environment = os.environ | {
            "OMNI_MODE": "demo",
            "OMNI_DATA_DIR": str(folder),
            "DATABASE_URL": database_url(),
            "CELERY_QUEUE": settings.CELERY_TASK_DEFAULT_QUEUE,
            "SECRET_KEY": settings.SECRET_KEY,
            "CODE_KEY": settings.CODE_KEY,
        }

    def worker(self, pool: str = "prefork") -> subprocess.Popen[bytes]:
        return self._start("worker", "--pool", pool, "--concurrency", "4", "--loglevel", "WARNING")

    def beat(self) -> subprocess.Popen[bytes]:
        return self._start("beat", "--loglevel", "WARNING")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill -9 it and its children at once."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        self._started.remove(process)

    def kill_all(self) -> None:
        for process in list(self._started):
            self.kill(process)

    def said(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def _start(self, *argv: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*CELERY, *argv],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._started.append(process)
        return process
