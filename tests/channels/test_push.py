"""A change reaches every channel, the latest state wins, and nothing ever goes back."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from omni.channels import push as pushing
from omni.channels.adapters import ADAPTERS
from omni.channels.managing import pause_channel, replay_dead, resume_channel, resync_channel
from omni.channels.models import ChannelHealth, Delivery
from omni.channels.push import push_channel
from omni.channels.relay import run_once
from omni.core.models import OutboxMessage
from tests.factories.channels import change, offer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_price_change_is_shown_by_every_channel(world, now):
    web, app = world.shop(), world.shop()
    shirt = offer("SHIRT", now=now, price=100_000)
    run_once(now)
    assert [push_channel(channel.pk, now) for channel in (web, app)] == [1, 1]

    change(shirt, now=now, price=90_000)
    run_once(now)
    assert [push_channel(channel.pk, now) for channel in (web, app)] == [1, 1]

    assert [world.shows(channel, "SHIRT")["price"] for channel in (web, app)] == [90_000, 90_000]
    assert Delivery.objects.filter(state="done", delivered=shirt.version).count() == 2


def test_a_thousand_changes_while_a_channel_sleeps_are_one_push(world, now):
    web = world.shop()
    pause_channel(channel=web, by="alice", now=now)
    shirt = offer("SHIRT", now=now)
    OutboxMessage.objects.bulk_create(
        OutboxMessage(kind="offer.changed", key="SHIRT", version=shirt.version + step, created_at=now)
        for step in range(1, 1000)
    )
    shirt.version, shirt.price = shirt.version + 999, 77_000
    shirt.save()
    run_once(now)
    assert push_channel(web.pk, now) == 0, "a paused channel holds"

    resume_channel(channel=web, by="alice", now=now)
    assert push_channel(web.pk, now) == 1
    assert world.pushes(web) == [["SHIRT", shirt.version, "taken"]]
    assert world.shows(web, "SHIRT")["price"] == 77_000
    web.refresh_from_db()
    assert web.stage == "live"


def test_messages_that_arrive_in_disorder_never_lower_what_is_wanted(now, world):
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    old = shirt.version
    change(shirt, now=now)
    OutboxMessage.objects.filter(version=old).update(retry_at=now + timedelta(minutes=1))
    run_once(now)
    run_once(now + timedelta(minutes=2))
    assert Delivery.objects.get(channel=web).wanted == shirt.version


def test_the_database_refuses_to_take_a_channel_back(world, now):
    web = world.shop()
    offer("SHIRT", now=now)
    run_once(now)
    push_channel(web.pk, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(delivered=0)


def test_a_stale_push_is_refused_there_and_counts_as_done_here(world, now):
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    run_once(now)
    newer = {"sku": "SHIRT", "version": shirt.version + 5, "name": {"vi": "Áo"}, "currency": "VND", "price": 1}
    world.ask(web, "POST", "/offers", {"offers": [newer]})

    assert push_channel(web.pk, now) == 1
    assert world.pushes(web)[-1] == ["SHIRT", shirt.version, "stale"]
    assert world.shows(web, "SHIRT")["price"] == 1


def test_what_is_wanted_meanwhile_stays_due(world, now, monkeypatch):
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    run_once(now)
    adapter = ADAPTERS["reference"]
    real = adapter.push

    def push_while_it_changes(channel, items):
        monkeypatch.setattr(adapter, "push", real)
        change(shirt, now=now, price=5)
        run_once(now)
        return real(channel, items)

    monkeypatch.setattr(adapter, "push", push_while_it_changes)
    monkeypatch.setattr(pushing, "_paused", lambda channel_id: len(world.pushes(web)) > 0)
    assert push_channel(web.pk, now) == 1
    monkeypatch.undo()
    first = Delivery.objects.get(channel=web)
    assert (first.state, first.delivered, first.wanted) == ("due", shirt.version - 1, shirt.version)

    assert push_channel(web.pk, now) == 1
    assert world.shows(web, "SHIRT")["price"] == 5


def test_a_channel_that_is_down_is_left_alone_and_drains_when_it_is_back(world, now):
    web = world.shop()
    for number in range(5):
        offer(f"SHIRT-{number}", now=now)
    run_once(now)
    world.faults(web, mode="down")
    for second in range(10):
        push_channel(web.pk, now + timedelta(seconds=second / 100))
    health = ChannelHealth.objects.get(channel=web)
    assert health.failures == 3, "the breaker opened and nothing more was tried"
    assert health.open_until > now
    assert "503" in health.last_error
    assert not Delivery.objects.filter(state="dead").exists()

    world.faults(web, mode="ok")
    later = now + timedelta(seconds=120)
    assert push_channel(web.pk, later) == 5
    assert ChannelHealth.objects.get(channel=web).failures == 0


def test_a_poisoned_item_is_given_up_with_its_reason_and_the_others_pass(world, now):
    web = world.shop()
    for number in range(4):
        offer(f"SHIRT-{number}", now=now)
    run_once(now)
    world.faults(web, mode="poison", skus=["SHIRT-2"], reason="no pictures")
    assert push_channel(web.pk, now) == 3
    dead = Delivery.objects.get(state="dead")
    assert (dead.key, dead.last_error) == ("SHIRT-2", "no pictures")

    world.faults(web, mode="ok")
    assert push_channel(web.pk, now) == 0, "given up until somebody says otherwise"
    replay_dead(deliveries=[dead.pk], now=now)
    assert push_channel(web.pk, now) == 1


def test_an_item_that_is_busy_waits_longer_each_time_and_then_is_given_up(world, now, monkeypatch):
    monkeypatch.setattr(pushing, "MAX_ATTEMPTS", 3)
    web = world.shop()
    offer("SHIRT", now=now)
    run_once(now)
    world.faults(web, mode="poison", skus=["SHIRT"], temporary=True)
    at, waits = now, []
    for _ in range(2):
        push_channel(web.pk, at)
        waiting = Delivery.objects.get(channel=web)
        waits.append(waiting.due_at - at)
        assert push_channel(web.pk, at) == 0
        at = waiting.due_at + timedelta(seconds=1)
    assert timedelta() < waits[0] < timedelta(seconds=2)
    push_channel(web.pk, at)
    assert Delivery.objects.get(channel=web).state == "dead"
    assert len(world.pushes(web)) == 3


def test_an_answer_that_is_lost_makes_nothing_twice(world, now):
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    run_once(now)
    world.faults(web, mode="drop")
    assert push_channel(web.pk, now) == 0
    world.faults(web, mode="ok")
    assert push_channel(web.pk, now + timedelta(seconds=5)) == 1
    assert {row[1] for row in world.pushes(web)} == {shirt.version}
    assert len(world.ask(web, "GET", "/offers")["offers"]) == 1


def test_sold_out_goes_before_everything_else(world, now, monkeypatch):
    web = world.shop()
    monkeypatch.setattr(type(ADAPTERS["reference"]), "batch_size", 1)
    first, second, third = (offer(f"SHIRT-{number}", now=now) for number in range(3))
    run_once(now)
    push_channel(web.pk, now)
    change(first, now=now, urgency=2)
    change(second, now=now, urgency=1)
    change(third, now=now, urgency=0, atp=0, sellable=False)
    run_once(now)
    push_channel(web.pk, now)
    assert [row[0] for row in world.pushes(web)[-3:]] == ["SHIRT-2", "SHIRT-1", "SHIRT-0"]


def test_a_dead_workers_claims_come_back_by_the_clock(world, now):
    web = world.shop()
    offer("SHIRT", now=now)
    run_once(now)
    lease = now + timedelta(seconds=60)
    Delivery.objects.update(leased_until=lease, leased_by="dead")
    ChannelHealth.objects.update_or_create(channel=web, defaults={"pushing_until": lease, "pushing_by": "dead"})
    assert push_channel(web.pk, now + timedelta(seconds=59)) == 0
    assert push_channel(web.pk, now + timedelta(seconds=61)) == 1


def test_a_new_channel_is_given_the_whole_catalog_and_a_resync_writes_over_what_is_there(world, now):
    offer("SHIRT", now=now)
    run_once(now)
    web = world.shop()
    from omni.channels.managing import seed_new_channels

    assert seed_new_channels(now=now) == 1
    assert seed_new_channels(now=now) == 0
    push_channel(web.pk, now)
    told = world.shows(web, "SHIRT")
    world.ask(web, "POST", "/offers", {"offers": [told | {"price": 1, "overwrite": True}]})
    assert resync_channel(channel=web, now=now) == 1
    push_channel(web.pk, now)
    assert world.shows(web, "SHIRT")["price"] == 100_000


def test_many_pushers_of_one_channel_never_leave_an_older_state_there(world, now):
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    ends = threading.Event()

    def work(what) -> None:
        try:
            while not ends.is_set():
                run_once(now)
                what()
        finally:
            connection.close()

    pushers = [threading.Thread(target=work, args=(lambda: push_channel(web.pk, now),)) for _ in range(3)]
    for pusher in pushers:
        pusher.start()
    for step in range(40):
        with transaction.atomic():
            change(shirt, now=now, price=1000 + step)
    ends.set()
    for pusher in pushers:
        pusher.join()
    run_once(now)
    push_channel(web.pk, now)

    assert world.shows(web, "SHIRT")["price"] == 1039
    taken = [version for _, version, became in world.pushes(web) if became == "taken"]
    assert taken == sorted(taken)


def test_without_the_lane_a_slow_pusher_is_still_refused_by_version(world, now, monkeypatch):
    """The lease of a pusher that slept is over; another pushed newer; what the sleeper sends is refused."""
    web = world.shop()
    shirt = offer("SHIRT", now=now)
    run_once(now)
    adapter = ADAPTERS["reference"]
    real = adapter.push

    def sleep_through_the_lease(channel, items):
        monkeypatch.setattr(adapter, "push", real)
        change(shirt, now=now, price=42)
        run_once(now)
        much_later = now + timedelta(seconds=120)
        assert push_channel(web.pk, much_later) == 1, "the other took the lane and the claim"
        return real(channel, items)

    monkeypatch.setattr(adapter, "push", sleep_through_the_lease)
    push_channel(web.pk, now)
    assert world.pushes(web)[-1][2] == "stale"
    assert world.shows(web, "SHIRT")["price"] == 42
    delivery = Delivery.objects.get(channel=web)
    assert (delivery.state, delivery.delivered) == ("done", shirt.version)
