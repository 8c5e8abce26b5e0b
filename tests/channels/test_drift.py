"""What a channel shows is read back: every planted difference is found and healed, and nothing else is called one."""

import pytest

from omni.channels import drift
from omni.channels.adapters import ADAPTERS
from omni.channels.models import Delivery, Drift
from omni.channels.push import push_channel
from omni.channels.relay import run_once
from tests.factories.channels import change, offer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(world, now):
    web = world.shop()
    for number in range(6):
        offer(f"SHIRT-{number}", now=now, price=100_000, promotion_price=90_000, atp=5)
    run_once(now)
    assert push_channel(web.pk, now) == 6
    return web


def plant(world, web, sku, **fields):
    shown = world.shows(web, sku)
    world.ask(web, "POST", "/offers", {"offers": [shown | fields | {"overwrite": True}]})


def test_a_channel_that_shows_what_we_say_has_no_drift(web, now):
    assert drift.verify(web, now) == drift.Verified(checked=6, opened=0, healed=0, open=0)


def test_every_planted_difference_is_found_and_healed(world, web, now):
    plant(world, web, "SHIRT-0", price=1)
    plant(world, web, "SHIRT-1", promotion_price=None)
    plant(world, web, "SHIRT-2", atp=99)
    plant(world, web, "SHIRT-3", sellable=False)
    found = drift.verify(web, now)
    assert (found.checked, found.opened) == (6, 4)
    assert set(Drift.objects.values_list("key", "field", "ours", "theirs")) == {
        ("SHIRT-0", "price", "100000", "1"),
        ("SHIRT-1", "promotion_price", "90000", ""),
        ("SHIRT-2", "atp", "5", "99"),
        ("SHIRT-3", "sellable", "true", "false"),
    }
    assert push_channel(web.pk, now) == 4
    assert drift.verify(web, now) == drift.Verified(checked=6, opened=0, healed=4, open=0)
    assert world.shows(web, "SHIRT-0")["price"] == 100_000
    assert not Delivery.objects.filter(overwrite=True).exists()


def test_a_change_on_its_way_is_no_drift(world, web, now):
    change(offer("SHOE", now=now), now=now, price=7)
    run_once(now)
    plant(world, web, "SHIRT-0", price=1)
    Delivery.objects.filter(key="SHIRT-0").update(state="due")
    assert drift.verify(web, now).opened == 0


def test_a_change_that_the_relay_has_not_seen_is_no_drift(web, now, monkeypatch):
    adapter = ADAPTERS["reference"]
    real = adapter.read_back
    from catalog.models import Offer

    def change_while_reading(channel, keys):
        shown = real(channel, keys)
        change(Offer.objects.get(variant__sku="SHIRT-0"), now=now, price=5)
        return shown

    monkeypatch.setattr(adapter, "read_back", change_while_reading)
    found = drift.verify(web, now)
    assert (found.checked, found.opened) == (5, 0)


def test_a_product_that_nobody_gave_it_is_found_and_told_but_not_pushed(world, web, now):
    stranger = {"sku": "GHOST", "version": 1, "name": {"vi": "Ma"}, "currency": "VND", "price": 1}
    world.ask(web, "POST", "/offers", {"offers": [stranger]})
    assert drift.verify(web, now).opened == 1
    assert Drift.objects.get().field == "unknown"
    assert push_channel(web.pk, now) == 0


def test_healing_that_does_not_hold_is_counted_for_a_person(world, web, now):
    for _ in range(3):
        plant(world, web, "SHIRT-0", price=1)
        drift.verify(web, now)
        push_channel(web.pk, now)
    assert Drift.objects.get(healed_at=None).tries == 2


def test_samples_look_at_everything_in_turns(web, now, monkeypatch):
    monkeypatch.setattr(drift, "SAMPLE", 4)
    assert [drift.verify_sample(web, now).checked for _ in range(3)] == [4, 2, 4]
