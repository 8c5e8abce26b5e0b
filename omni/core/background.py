"""How Celery's worker and timer behave here; the settings name these classes.

Due work is in PostgreSQL, so neither of them keeps anything of its own: no schedule file, no delayed messages.
"""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import beat
from celery.worker import consumer
from django.db import connections

from omni.core import clock

log = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """Runs every sweep at the start, for what fell due while nobody looked, and whenever the business clock was
    moved, for what fell due by that."""

    # Each sweep is published through the pool, as requests do it, which opens a lost connection anew. A producer of
    # beat's own would keep the one that it lost.
    producer = None  # type: ignore[assignment]

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

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:
            # In one line: with the broker away it is said every second.
            log.warning("%s", error)

    def _all_due(self) -> None:
        long_ago = self.app.now() - timedelta(days=400)
        for entry in self.schedule.values():
            entry.last_run_at = long_ago
        self._heap = None


class Consumer(consumer.Consumer):
    """The worker's consumer, without the 28 queues that Celery makes in RabbitMQ for messages to be delivered
    later: there are none, because times are kept in the database."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc, valid-type]
        default_steps = [
            step for step in consumer.Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]
