"""Orders placed elsewhere come in once, whatever happens to the hints about them."""

import json
import time
from datetime import timedelta

import httpx
import pytest

from omni.channels import inbound, recording, tasks
from omni.channels.adapters import signatures
from omni.channels.adapters.reference import new_secret
from omni.channels.models import ChannelHealth, InboundEvent, InboundOrder
from omni.channels.push import push_channel
from omni.channels.relay import run_once
from omni.core import clock
from orders.models import Order
from tests.factories.channels import offer
from tests.factories.core import LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)

BODY = b'{"type": "order.created", "data": {"id": "A-1"}}'


@pytest.fixture
def web(world, now):
    web = world.shop()
    LocationFactory(code="q1")
    offer("SHIRT", now=now, price=100_000)
    run_once(now)
    push_channel(web.pk, now)
    return web


def headers(secret: str, body: bytes = BODY, *, event: str = "msg_1", ago: int = 0) -> dict[str, str]:
    stamp = int(time.time()) - ago
    return {
        "webhook-id": event,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures.sign(secret, event, stamp, body),
    }


def send(client, web, told, body=BODY):
    return client.post(f"/api/v1/channels/{web.code}/webhook", data=body, content_type="application/json", headers=told)


def buy(world, web, **more):
    body = {
        "lines": [{"sku": "SHIRT", "quantity": 2}],
        "contact": {"name": "Trần Bình", "phone": "0912 345 678", "email": "binh@example.com"},
        **more,
    }
    return httpx.post(f"{world.url}/shops/{web.code}/orders", json=body).json()


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    asked = []
    monkeypatch.setattr(tasks, "ask_for_poll", asked.append)
    return asked


def test_a_signed_hint_has_the_orders_read_soon(client, web, no_broker):
    answer = send(client, web, headers(web.settings["webhook_secrets"][0]))
    assert (answer.status_code, answer.json()) == (200, {"taken": 1})
    assert no_broker == [web.pk]
    assert web.pk in inbound.due_channels(clock.now())


def test_a_repeat_is_ok_and_changes_nothing(client, web, no_broker):
    told = headers(web.settings["webhook_secrets"][0])
    send(client, web, told)
    answer = send(client, web, told)
    assert (answer.status_code, answer.json()) == (200, {"taken": 0})
    assert len(no_broker) == 1
    assert InboundEvent.objects.count() == 1


def test_two_secrets_are_good_while_they_change(client, web):
    old, new = web.settings["webhook_secrets"][0], new_secret()
    web.settings["webhook_secrets"] = [new, old]
    web.save()
    assert send(client, web, headers(old, event="msg_1")).status_code == 200
    assert send(client, web, headers(new, event="msg_2")).status_code == 200


@pytest.mark.parametrize("ago", [301, -301])
def test_an_old_or_future_hint_is_refused(client, web, ago):
    answer = send(client, web, headers(web.settings["webhook_secrets"][0], ago=ago))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_signature")
    assert not InboundEvent.objects.exists()


def test_a_forged_hint_is_refused(client, web):
    assert send(client, web, headers(new_secret())).status_code == 401
    good = headers(web.settings["webhook_secrets"][0])
    assert send(client, web, good, body=BODY.replace(b"A-1", b"A-2")).status_code == 401
    assert send(client, web, good | {"webhook-id": "msg_9"}).status_code == 401
    assert send(client, web, {}).status_code == 401
    assert send(client, web, good | {"webhook-timestamp": "9" * 400}).status_code == 401
    assert not InboundEvent.objects.exists()


def test_the_shop_itself_signs_so_that_we_believe_it(client, world, web):
    """What really leaves the shop next door, caught by a small server and given to us."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    caught = {}

    class Catch(BaseHTTPRequestHandler):
        def do_POST(self):
            caught["headers"] = {name.lower(): value for name, value in self.headers.items()}
            caught["body"] = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Catch)
    server.timeout = 10
    world.ask(web, "PUT", "/settings", {"webhook_url": f"http://127.0.0.1:{server.server_port}/"})
    bought = buy(world, web)
    server.handle_request()
    server.server_close()
    told = {name: caught["headers"][name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    assert send(client, web, told, caught["body"]).json() == {"taken": 1}
    assert json.loads(caught["body"])["data"]["id"] == bought["id"]


def test_an_order_placed_there_is_written_down_once(world, web, now):
    bought = buy(world, web)
    assert inbound.poll_orders(web, now) == 1
    assert inbound.poll_orders(web, now + timedelta(minutes=5)) == 0
    order = Order.objects.get()
    assert (order.external_id, order.total, order.channel) == (bought["id"], 200_000, web)
    assert order.source_record is not None
    assert order.lines.get().variant.sku == "SHIRT"


def test_an_order_that_cannot_be_written_down_waits_and_holds_no_other(world, web, now, monkeypatch):
    bad, good = buy(world, web), buy(world, web)
    real = recording.record

    def stumble(*, channel, order, now):
        if order.external_id == bad["id"]:
            raise ValueError("0912 345 678")
        return real(channel=channel, order=order, now=now)

    monkeypatch.setattr(recording, "record", stumble)
    assert inbound.poll_orders(web, now) == 1
    waiting = InboundOrder.objects.get()
    assert (waiting.external_id, waiting.last_error) == (bad["id"], "ValueError")
    assert Order.objects.get().external_id == good["id"]

    monkeypatch.setattr(recording, "record", real)
    # Long after it fell out of the overlap, it is asked for by its number.
    ChannelHealth.objects.update(orders_until=clock.now() + timedelta(days=9))
    assert web.pk in inbound.due_channels(now + timedelta(minutes=2))
    assert inbound.poll_orders(web, now + timedelta(minutes=2)) == 1
    waiting.refresh_from_db()
    assert waiting.taken_at is not None


def test_a_channel_that_is_down_keeps_its_orders_for_later(world, web, now):
    buy(world, web)
    world.faults(web, mode="down")
    assert inbound.poll_orders(web, now) == 0
    world.faults(web, mode="ok")
    assert inbound.poll_orders(web, now + timedelta(minutes=1)) == 1


def test_requests_to_read_orders_that_queued_up_ask_the_channel_once(world, web):
    def asked() -> int:
        return sum(entry["path"].startswith(f"/shops/{web.code}/orders") for entry in world.log())

    before = asked()
    for _ in range(3):
        tasks.poll(web.pk)
    assert asked() == before + 1


def test_an_order_that_waits_is_not_asked_for_each_second_while_the_channel_is_down(world, web, now):
    InboundOrder.objects.create(channel=web, external_id="o-1", found_at=now, retry_at=now)
    world.faults(web, mode="down")
    assert inbound.poll_due(web.pk, now) == 0
    assert web.pk not in inbound.due_channels(now + timedelta(seconds=1))
    assert web.pk in inbound.due_channels(now + timedelta(minutes=2))


def test_malformed_contact_does_not_keep_an_order_out(world, web, now):
    buy(world, web, contact={"name": "?", "phone": "12", "email": "nobody"})
    assert inbound.poll_orders(web, now) == 1
    assert Order.objects.get().source_record is None
