"""Whoever should hear of an event hears it once, and one who stumbles holds nobody else."""

from datetime import timedelta

import pytest

from omni.channels import tasks
from omni.channels.relay import run_once
from omni.core import outbox
from omni.core.models import Hearing, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def hearers(monkeypatch):
    listed: dict = {}
    monkeypatch.setattr(outbox, "_hearers", listed)
    return listed


def named(hearer, name):
    """Hearers are known by module and name; these are made inside a test."""
    hearer.__qualname__ = name
    return hearer


def tell(now, key="W-1"):
    return OutboxMessage.objects.create(kind="order.placed", key=key, created_at=now)


def test_each_hearer_hears_once_however_often_the_relay_runs(hearers, now):
    heard = []

    def alice(*, message, now):
        heard.append(("alice", message.key))

    def bob(*, message, now):
        heard.append(("bob", message.key))

    hearers["order.placed"] = [named(alice, "alice"), named(bob, "bob")]
    message = tell(now)
    assert run_once(now) == 1
    OutboxMessage.objects.update(relayed_at=None, retry_at=None)
    run_once(now)
    assert sorted(heard) == [("alice", "W-1"), ("bob", "W-1")]
    assert Hearing.objects.filter(message=message).count() == 2


def test_one_who_stumbles_is_told_again_later_and_leaves_no_trace_before(hearers, now):
    heard = []

    def alice(*, message, now):
        OutboxMessage.objects.create(kind="trace", key="alice", created_at=now)
        if len(heard) < 1:
            heard.append("stumbled")
            raise ValueError("not today")
        heard.append("alice")

    def bob(*, message, now):
        heard.append("bob")

    hearers["order.placed"] = [named(alice, "alice"), named(bob, "bob")]
    message = tell(now)
    run_once(now)
    message.refresh_from_db()
    assert heard == ["stumbled", "bob"]
    assert message.relayed_at is None
    assert message.retry_at > now
    assert "not today" in message.last_error
    assert not OutboxMessage.objects.filter(kind="trace").exists(), "what it wrote before it fell is gone"

    run_once(now)
    assert heard == ["stumbled", "bob"], "not before its time"
    run_once(now + timedelta(seconds=5))
    assert heard == ["stumbled", "bob", "alice"]
    message.refresh_from_db()
    assert message.relayed_at is not None


def test_a_message_that_nobody_hears_is_done(hearers, now):
    message = tell(now)
    run_once(now)
    message.refresh_from_db()
    assert message.relayed_at == now


def test_a_broker_that_is_gone_holds_nobody_up(monkeypatch):
    calls = []

    def gone():
        calls.append(1)
        raise OSError("no broker")

    monkeypatch.setattr(tasks.relay, "delay", gone)
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
    with pytest.raises(OSError):
        tasks.wake_relay()
    tasks.wake_relay()
    assert len(calls) == 1, "it is left alone for a while; the sweep does the work"
    monkeypatch.setattr(tasks, "_quiet_until", 0.0)
