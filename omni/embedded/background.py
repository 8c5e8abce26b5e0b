"""The Celery worker and beat as threads of this process, on the in-memory broker."""

import logging
import threading
from typing import Any

from celery import Celery, beat, signals
from celery.app import app_or_default
from celery.worker import WorkController, state
from django.db import close_old_connections

from omni.core.background import Scheduler

THREADS = 4
log = logging.getLogger(__name__)


class Worker:
    """The worker: a consumer thread and a few threads that run tasks."""

    def __init__(self) -> None:
        self._app: Celery = app_or_default()
        # Requests are served by other threads, and Celery's current app is a thread's own.
        self._app.set_default()
        self._wake = self._app.task(name="omni.embedded.wake")(_nothing)
        # A dead connection is noticed at the next task instead of failing each one after it.
        signals.task_prerun.connect(_close_old_connections)
        signals.task_postrun.connect(_close_old_connections)
        self._controller = WorkController(
            app=self._app,
            hostname="worker@shop",
            pool_cls="threads",
            concurrency=THREADS,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        state.should_stop = state.should_terminate = None
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Finish what runs, take nothing new, wait five seconds at most. What is left is swept up next time."""
        state.should_stop = 0  # type: ignore[assignment]  # its module says None, its code takes a code
        # It looks at the flag between two waits for a message, and waits once more after seeing it.
        self._wake.delay()
        self._wake.delay()
        self._thread.join(timeout=5)
        signals.task_prerun.disconnect(_close_old_connections)
        signals.task_postrun.disconnect(_close_old_connections)

    def _run(self) -> None:
        try:
            self._controller.start()
        except SystemExit:
            # How Celery says that it was asked to end.
            log.info("The worker ended.")


class Beat:
    """The timer of the sweeps, kept in memory: due work is in the database, nothing else is worth keeping."""

    def __init__(self) -> None:
        app = app_or_default()
        self._service = beat.Service(app, max_interval=1, scheduler_cls=Scheduler)
        self._thread = threading.Thread(target=self._service.start, name="beat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Start no more sweeps. It looks up once a second and ends by itself; nobody has to wait for it."""
        self._service.stop()


def _nothing() -> None:
    """A task that only ends the consumer's wait for a message."""


def _close_old_connections(**_: Any) -> None:
    close_old_connections()
