"""The worker and the timer keep nothing, and a broker that is away does not stop the timer."""

import logging
import time

import pytest
from celery import Celery
from celery.schedules import schedule
from django.conf import settings

from omni.core.background import Consumer, Scheduler


def timer(broker: str) -> Scheduler:
    app = Celery("test", broker=broker)
    app.conf.update(
        task_publish_retry=False,
        broker_connection_timeout=2,
        broker_transport_options={"max_retries": 0},
        beat_schedule={"sweep": {"task": "tests.sweep", "schedule": schedule(1.0)}},
    )
    return Scheduler(app)


@pytest.mark.django_db
def test_beat_goes_on_when_the_broker_is_away(caplog):
    beat = timer("amqp://127.0.0.1:1//")
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert beat.tick() == 0
        assert beat.tick() > 0, "the sweep had its turn and is due again in a second"
    assert time.monotonic() - begun < 3
    assert [record.getMessage() for record in caplog.records] == [
        "Couldn't apply scheduled task sweep: [Errno 111] Connection refused"
    ]


def test_beat_takes_a_fresh_connection_each_time_and_keeps_no_file():
    beat = timer("memory://")
    assert beat.producer is None
    assert not hasattr(beat, "schedule_filename")
    assert settings.CELERY_BEAT_SCHEDULER == "omni.core.background:Scheduler"


def test_the_worker_makes_no_queues_for_delayed_messages():
    assert settings.CELERY_WORKER_CONSUMER == "omni.core.background:Consumer"
    steps = Consumer.Blueprint.default_steps
    assert "celery.worker.consumer.tasks:Tasks" in steps
    assert not [step for step in steps if "Delayed" in step]
