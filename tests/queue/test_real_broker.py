"""What touches the queue, through a real RabbitMQ or Redis: set CELERY_BROKER_URL to the one to be tried."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from amqp.exceptions import PreconditionFailed
from django.conf import settings
from kombu import Queue

from catalog.models import Variant
from catalog.offers import refresh_offers
from catalog.prices import set_price
from omni.celery import app
from omni.channels.health import LEASE
from omni.channels.managing import resync_channel
from omni.channels.models import Delivery
from omni.core import clock
from omni.core.models import Channel
from tests.channels.world import World
from tests.factories.catalog import VariantFactory
from tests.queue.processes import Processes

BROKER: str = settings.CELERY_BROKER_URL
# Only a failure waits so long.
SECONDS = 60.0

pytestmark = [
    pytest.mark.queue,
    pytest.mark.skipif(BROKER.startswith("memory"), reason="CELERY_BROKER_URL names no RabbitMQ and no Redis"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    started = World(tmp_path_factory.mktemp("outside world"))
    yield started
    started.end()


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    if not BROKER.startswith("memory"):
        with app.connection_for_write() as connection:
            connection.default_channel.queue_delete(settings.CELERY_TASK_DEFAULT_QUEUE)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    purge()


@pytest.fixture
def processes(tmp_path: Path, empty_queue: None) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.kill_all()
    # Shown where the test fails.
    sys.stdout.write(started.said())


@pytest.fixture
def shop(world: World) -> Channel:
    return world.shop()


@pytest.fixture
def shirt(shop: Channel) -> Variant:
    variant = VariantFactory(sku="SHIRT", price=100_000)
    refresh_offers(variant_ids=[variant.pk], now=clock.now())
    return variant


def purge() -> int:
    """Wipe the queue; returns how many messages were lost."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        app.amqp.queues[settings.CELERY_TASK_DEFAULT_QUEUE].bind(channel).declare()
        return int(channel.queue_purge(settings.CELERY_TASK_DEFAULT_QUEUE) or 0)


def change_price(variant: Variant, amount: int) -> None:
    set_price(sku=variant.sku, currency="VND", amount=amount, reason="test", by="alice", now=clock.now())


def until(look: Callable[[], object], what: str) -> None:
    give_up = time.monotonic() + SECONDS
    while not look():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


def shows(world: World, shop: Channel, price: int) -> Callable[[], bool]:
    return lambda: (world.shows(shop, "SHIRT") or {}).get("price") == price


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_committed_change_wakes_the_worker_and_reaches_the_shop(world, shop, shirt, processes, pool):
    # No beat runs: only the message of the change itself can bring it there.
    resync_channel(channel=shop, now=clock.now())
    processes.worker(pool)
    change_price(shirt, 90_000)
    until(shows(world, shop, 90_000), "the shop shows the first price")
    change_price(shirt, 80_000)
    until(shows(world, shop, 80_000), "a worker that runs already hears of the second")


def test_a_worker_killed_in_the_middle_of_a_push_loses_nothing(world, shop, shirt, processes):
    processes.beat()
    worker = processes.worker()
    until(shows(world, shop, 100_000), "the shop is given its catalog")
    world.faults(shop, mode="slow", seconds=20)
    change_price(shirt, 90_000)
    until(lambda: Delivery.objects.exclude(leased_until=None).exists(), "the worker is in the middle of a push")
    processes.kill(worker)
    world.faults(shop, mode="ok")
    # The claims of the dead worker end by the clock.
    clock.advance(by=2 * LEASE)
    processes.worker()
    until(shows(world, shop, 90_000), "the next worker brings it there")
    until(lambda: not Delivery.objects.exclude(state="done").exists(), "nothing is due any more")


def test_purging_every_queue_loses_nothing(world, shop, shirt, processes):
    change_price(shirt, 90_000)
    assert purge() > 0, "the wake-up was waiting in the queue"
    processes.beat()
    processes.worker()
    until(shows(world, shop, 90_000), "the sweep finds the change")
    change_price(shirt, 80_000)
    for _ in range(20):
        purge()
    until(shows(world, shop, 80_000), "and the next one")


@pytest.mark.skipif(not BROKER.startswith("amqp"), reason="there are quorum queues in RabbitMQ only")
def test_the_queue_is_a_quorum_queue():
    with app.connection_for_write() as connection:
        other = Queue(settings.CELERY_TASK_DEFAULT_QUEUE, durable=True, queue_arguments={"x-queue-type": "classic"})
        with pytest.raises(PreconditionFailed, match="quorum"):
            other.bind(connection.default_channel).queue_declare()


@pytest.mark.skipif(BROKER.startswith("amqp"), reason="Redis is told in its own words")
def test_what_a_killed_worker_had_taken_comes_back_by_itself():
    with app.connection_for_write() as connection:
        assert 60 <= connection.default_channel.visibility_timeout <= 600
