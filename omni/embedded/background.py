"""The Celery worker and beat as threads of this process, on the in-memory broker."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery, beat, signals
from celery.app import app_or_default
from celery.worker import WorkController, state
from django.db import close_old_connections, connections

from omni.core import clock

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
        self._service = beat.Service(app, max_interval=1, scheduler_cls=_Scheduler)
        self._thread = threading.Thread(target=self._service.start, name="beat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Start no more sweeps. It looks up once a second and ends by itself; nobody has to wait for it."""
        self._service.stop()


class _Scheduler(beat.Scheduler):
    """Runs every sweep at the start, for what fell due while the shop was closed, and whenever the business
    clock was moved, for what fell due by that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ahead = timedelta()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        super().setup_schedule()
        self._all_due()

    def tick(self, *args: Any, **kwargs: Any) -> float:
        try:
            ahead = clock.now() - datetime.now(UTC)
            if abs(ahead - self._ahead) > timedelta(seconds=30):
                self._ahead = ahead
                self._all_due()
            return float(super().tick(*args, **kwargs))
        except Exception:
            # The database may be starting again; the timer goes on.
            log.exception("beat could not tick")
            connections.close_all()
            return 1.0

    def _all_due(self) -> None:
        long_ago = self.app.now() - timedelta(days=400)
        for entry in self.schedule.values():
            entry.last_run_at = long_ago
        self._heap = None


def _nothing() -> None:
    """A task that only ends the consumer's wait for a message."""


def _close_old_connections(**_: Any) -> None:
    close_old_connections()
