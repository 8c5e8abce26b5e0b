"""Messages to people: made when they are sent, sent once as far as the other side lets us know."""

from datetime import timedelta

import pytest

from customers.codes import ask_code
from customers.models import SignInCode
from omni.channels import notices, push
from omni.channels.adapters.base import Message
from omni.channels.models import ChannelHealth, Delivery
from omni.channels.push import push_channel
from omni.channels.relay import run_once
from omni.core import outbox
from omni.core.models import OutboxMessage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    hearers = {"order.ready": [notices.send_order_notice], "sign_in.asked": [notices.send_sign_in_code]}
    monkeypatch.setattr(outbox, "_hearers", hearers)


@pytest.fixture
def to(monkeypatch, request):
    """Notices about orders go to an address of this test's own."""
    address = f"{request.node.name[:40]}@example.com"

    def compose(channel, payload, now):
        return Message(id="", to=address, subject=f"Đơn {payload['order']}", text="Sẵn sàng", html="<p>Sẵn sàng</p>")

    monkeypatch.setattr(notices, "NOTICES", {**notices.NOTICES, "order.ready": notices.Notice(compose)})
    return address


def ready(now):
    OutboxMessage.objects.create(kind="order.ready", key="W-1", payload={"fulfilment": 7}, created_at=now)
    run_once(now)


def test_an_order_notice_really_arrives_with_text_and_html(world, now, to):
    mail = world.mail()
    ready(now)
    delivery = Delivery.objects.get()
    assert delivery.payload == {"notice": "order.ready", "order": "W-1", "fulfilment": 7}
    assert push_channel(mail.pk, now) == 1
    assert push_channel(mail.pk, now) == 0
    (received,) = world.received("mail", to)
    assert received["subject"] == "Đơn W-1"
    assert received["text"].strip() == "Sẵn sàng"
    assert received["html"].strip() == "<p>Sẵn sàng</p>"
    assert received["message_id"].startswith(f"<notice-{delivery.key}-{mail.code}@")


def test_a_worker_that_dies_between_sending_and_marking_repeats_the_same_mail(world, now, to, monkeypatch):
    """SMTP cannot be asked what it has: at least once, under one Message-ID, and never within the lease."""
    mail = world.mail()
    ready(now)

    def die(lane, settled, now):
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(push, "_settle", die)
        with pytest.raises(SystemExit):
            push_channel(mail.pk, now)
    assert push_channel(mail.pk, now + timedelta(seconds=30)) == 0, "still claimed"
    assert len(world.received("mail", to)) == 1

    assert push_channel(mail.pk, now + timedelta(seconds=61)) == 1
    assert push_channel(mail.pk, now + timedelta(seconds=122)) == 0
    assert len({mail["message_id"] for mail in world.received("mail", to)}) == 1


def test_a_mailbox_that_does_not_exist_is_given_up_and_a_busy_server_is_tried_again(world, now, to):
    mail = world.mail()
    ready(now)
    world.mail_faults(mode="busy", to=to)
    push_channel(mail.pk, now)
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.last_error[:3], waiting.due_at > now) == ("due", "451", True)

    world.mail_faults(mode="unknown", to=to)
    push_channel(mail.pk, now + timedelta(minutes=1))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.last_error[:3]) == ("dead", "550")
    world.mail_faults(mode="ok")
    assert world.received("mail", to) == []


def test_a_sign_in_code_goes_out_by_sms_and_is_stored_nowhere(world, now):
    sms = world.sms()
    asked = ask_code(kind="phone", value="0987 654 321", channel=sms, now=now)
    run_once(now)
    assert push_channel(sms.pk, now) == 1
    received = world.received("sms", SignInCode.objects.get(pk=asked.pk).value)
    code = next(word for word in received[0]["text"].split() if word.isdigit())
    delivery = Delivery.objects.get()
    assert delivery.payload == {"notice": "sign_in.asked", "sign_in_code": str(asked.pk)}
    for table in (Delivery, OutboxMessage, SignInCode, ChannelHealth):
        assert not any(code == str(value) for row in table.objects.values() for value in row.values())


def test_a_notice_whose_purpose_needs_consent_is_not_sent_without_it(world, now, to, monkeypatch):
    mail = world.mail()
    asks = notices.Notice(notices.NOTICES["order.ready"].compose, purpose="marketing")
    monkeypatch.setattr(notices, "NOTICES", {"order.ready": asks})
    ready(now)
    push_channel(mail.pk, now)
    assert world.received("mail", to) == []
    assert Delivery.objects.get().state == "done"


def test_one_notice_that_cannot_be_written_holds_no_other(world, now, to, monkeypatch):
    mail = world.mail()
    good = notices.NOTICES["order.ready"].compose

    def stumble(channel, payload, now):
        if payload["order"] == "W-1":
            raise ValueError("no such order")
        return good(channel, payload, now)

    monkeypatch.setattr(notices, "NOTICES", {"order.ready": notices.Notice(stumble)})
    ready(now)
    OutboxMessage.objects.create(kind="order.ready", key="W-2", created_at=now)
    run_once(now)
    assert push_channel(mail.pk, now) == 1
    assert len(world.received("mail", to)) == 1
