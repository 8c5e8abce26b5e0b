"""Outbox, limits, clock, text, secrets and the audit command."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from omni.core import audit, clock, outbox
from omni.core.audit import Check, Finding
from omni.core.errors import TooMany
from omni.core.keys import find_token
from omni.core.limits import hit
from omni.core.models import OutboxMessage, Token
from omni.core.secrets import fingerprint
from omni.core.text import fold
from tests.factories.core import ChannelFactory, LocationFactory


def test_text_is_folded_as_people_search_it():
    assert fold("Áo  Thun ĐEN") == "ao thun den"
    assert fold("Nguyễn Thị Ước") == "nguyen thi uoc"


@pytest.mark.django_db(transaction=True)
def test_a_change_is_noted_in_its_transaction_and_the_relay_is_woken_after_the_commit(now, monkeypatch):
    woken = []
    monkeypatch.setattr(outbox, "_wakers", [lambda: woken.append(OutboxMessage.objects.count())])
    with transaction.atomic():
        outbox.note([outbox.Change("offer.changed", "AO-M", version=7)], now=now)
        assert woken == []
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_rolled_back_was_never_noted(now, monkeypatch):
    woken = []
    monkeypatch.setattr(outbox, "_wakers", [lambda: woken.append(1)])

    def half_done():
        with transaction.atomic():
            outbox.note([outbox.Change("offer.changed", "AO-M")], now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert not OutboxMessage.objects.exists()
    assert woken == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_gone_does_not_fail_the_write(now, monkeypatch):
    def gone():
        raise ConnectionError

    monkeypatch.setattr(outbox, "_wakers", [gone])
    with transaction.atomic():
        outbox.note([outbox.Change("offer.changed", "AO-M")], now=now)
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_noting_outside_a_transaction_is_a_defect(now):
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.note([outbox.Change("offer.changed", "AO-M")], now=now)


@pytest.mark.django_db
def test_the_sixth_try_of_five_is_refused_and_says_when_to_come_back():
    for _ in range(5):
        hit("sign-in:+84900000000", limit=5, seconds=3600)
    with pytest.raises(TooMany) as refusal:
        hit("sign-in:+84900000000", limit=5, seconds=3600)
    assert 0 < refusal.value.details["retry_after"] <= 3600
    hit("sign-in:+84911111111", limit=5, seconds=3600)


@pytest.mark.django_db
def test_the_business_clock_moves_ahead_and_never_back():
    before = clock.now()
    after = clock.advance(by=timedelta(days=31))
    assert timedelta(days=31) <= after - before < timedelta(days=31, minutes=1)
    with pytest.raises(ValueError, match="ahead"):
        clock.advance(by=timedelta(days=-1))
    with transaction.atomic():
        clock.advance(by=timedelta())


@pytest.mark.django_db
def test_the_clock_stands_in_production(settings):
    settings.CLOCK_CAN_MOVE = False
    with pytest.raises(RuntimeError):
        clock.advance(by=timedelta(days=1))


@pytest.mark.django_db
def test_a_new_channel_key_is_printed_alone_and_kept_as_a_fingerprint():
    ChannelFactory(code="till", kind="store")
    LocationFactory(code="hcm-q1")
    out = io.StringIO()
    call_command("create_channel_key", "till", "--location", "hcm-q1", stdout=out)
    key = out.getvalue().strip()
    assert out.getvalue() == f"{key}\n"
    assert Token.objects.get().fingerprint == fingerprint("token", key) != key
    token = find_token(key, now=clock.now())
    assert token.location.code == "hcm-q1"
    assert "fulfilments.handle" in token.rights


@pytest.mark.django_db
def test_a_key_for_a_channel_that_is_not_there_is_refused_with_those_that_are():
    ChannelFactory(code="web")
    with pytest.raises(CommandError, match="web"):
        call_command("create_channel_key", "wbe")
    assert not Token.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_audit_fails_loudly_and_names_the_offenders(monkeypatch):
    checks = [
        Check("all well", lambda: Finding(rows=3, wrong=[])),
        Check("one wrong", lambda: Finding(rows=2, wrong=["order W-1"])),
    ]
    monkeypatch.setattr(audit, "_checks", checks)
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "--json", stdout=out)
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert told["clean"] is False
    assert [check["rows"] for check in told["checks"]] == [3, 2]
    monkeypatch.setattr(audit, "_checks", checks[:1])
    call_command("audit", stdout=io.StringIO())
