"""The contract that every registered adapter keeps. A new adapter needs no line here, only a world to speak to."""

import pytest
from django.db import transaction

from catalog.offers import offer_states
from omni.channels.adapters import ADAPTERS
from omni.channels.adapters.base import NOTICE, OFFER, Adapter, BadSignature, Item, Message
from omni.core.http import TransportError
from tests.factories.channels import WebShopFactory, offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("name", sorted(ADAPTERS))]

# How a channel of each adapter is made against the outside world.
MAKERS = {
    "reference": lambda world: world.shop(),
    "smtp": lambda world: world.mail(),
    "sms_gateway": lambda world: world.sms(),
}
ADDRESSES = {"smtp": "alice@example.com", "sms_gateway": "+84912345678"}


def items_for(name: str, adapter: Adapter, now, count: int = 2) -> list[Item]:
    if OFFER in adapter.handles:
        for number in range(count):
            offer(f"SKU-{number}", now=now)
        states = offer_states([f"SKU-{number}" for number in range(count)])
        return [Item(key=state.sku, version=state.version, offer=state) for state in states]
    to = ADDRESSES[name]
    return [
        Item(key=str(number), version=1, message=Message(id=f"{name}-{number}", to=to, text="Xin chào", subject="Chào"))
        for number in range(count)
    ]


def test_it_says_what_it_handles(name):
    adapter = ADAPTERS[name]
    assert adapter.handles <= {OFFER, NOTICE}
    assert adapter.handles
    assert adapter.batch_size >= 1
    assert adapter.deadline <= 30, "shorter than a lease"
    assert name in MAKERS, "tell the contract how to make a channel of it"


def test_every_item_gets_its_own_result(name, world, now):
    adapter = ADAPTERS[name]
    items = items_for(name, adapter, now)
    results = adapter.push(MAKERS[name](world), items)
    assert {result.key for result in results} == {item.key for item in items}
    assert all(result.ok for result in results)


def test_pushing_the_same_again_is_harmless(name, world, now):
    adapter, channel = ADAPTERS[name], MAKERS[name](world)
    items = items_for(name, adapter, now)
    adapter.push(channel, items)
    assert all(result.ok for result in adapter.push(channel, items))
    if adapter.shows:
        shown = adapter.read_back(channel, None)
        assert [one.key for one in shown] == [item.key for item in items]


def test_what_was_pushed_is_what_is_read_back(name, world, now):
    adapter, channel = ADAPTERS[name], MAKERS[name](world)
    if not adapter.shows:
        assert adapter.read_back(channel, None) == []
        return
    items = items_for(name, adapter, now)
    adapter.push(channel, items)
    for item, shown in zip(items, adapter.read_back(channel, [item.key for item in items]), strict=True):
        expected = adapter.expected(channel, item.state)
        assert {field: getattr(shown, field) for field in adapter.shows} == {
            field: getattr(expected, field) for field in adapter.shows
        }
    assert adapter.read_back(channel, ["nobody-has-this"]) == []


def test_nobody_there_is_a_transport_error(name, now):
    adapter = ADAPTERS[name]
    settings = {"url": "http://127.0.0.1:9", "token": "x", "host": "127.0.0.1", "port": 9}
    channel = WebShopFactory(adapter=name, settings=settings)
    with pytest.raises(TransportError):
        adapter.push(channel, items_for(name, adapter, now, 1))


def test_it_speaks_to_nobody_inside_a_transaction(name, world, now):
    adapter, channel = ADAPTERS[name], MAKERS[name](world)
    items = items_for(name, adapter, now, 1)
    with pytest.raises(RuntimeError), transaction.atomic():
        adapter.push(channel, items)


def test_missing_settings_are_told_and_not_tried_again(name, now):
    adapter = ADAPTERS[name]
    channel = WebShopFactory(adapter=name, settings={})
    for missing in adapter.needs:
        assert missing not in channel.settings
    if adapter.needs:
        with pytest.raises(TransportError) as told:
            adapter.push(channel, items_for(name, adapter, now, 1))
        assert told.value.permanent


def test_an_unsigned_webhook_is_refused(name, world, now):
    adapter, channel = ADAPTERS[name], MAKERS[name](world)
    with pytest.raises(BadSignature):
        adapter.parse_webhook(channel, {}, b"{}", received_at=now)
