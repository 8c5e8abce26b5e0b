"""The first page: today beside a week before, what waits, and only of the colleague's stores."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from omni.channels.models import ChannelHealth, Delivery, Drift
from omni.core.api.callers import caller_of_user
from omni.desk.channel_state import channel_states
from omni.desk.home import Day, Sales, days_of, queues_of
from orders.models import OrderException
from tests.desk.shop import colleague, fulfilment, goods, sale
from tests.factories.core import ChannelFactory, LocationFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def shop(now):
    """Hanoi sells at its till and hands over what the web sold; Saigon has its own."""
    web, till = ChannelFactory(code="web", name="Web", adapter="reference"), ChannelFactory(code="till", name="Till")
    hanoi, saigon = LocationFactory(code="hn"), LocationFactory(code="sg")
    shirt = goods("SHIRT", "Áo thun")
    line = [(shirt, 1, 100_000, 0)]
    sale(till, line, at=now - HOUR, store=hanoi)
    sale(till, line, at=now - WEEK - HOUR, store=hanoi)
    # Later on the same weekday a week before: not yet comparable.
    sale(till, line, at=now - WEEK + HOUR, store=hanoi)
    sale(till, line, at=now - HOUR, store=saigon, status="cancelled")
    for status, promised in (("new", now + HOUR), ("accepted", now - HOUR), ("ready", now - HOUR)):
        order = sale(web, line, at=now - 2 * HOUR, status="placed")
        fulfilment(order, hanoi, status=status, now=now, promised_at=promised)
    fulfilment(sale(web, line, at=now, status="placed"), saigon, status="new", now=now)
    unpaid = sale(web, line, at=now, status="awaiting_payment")
    OrderException.objects.create(order=unpaid, code="price_differs", raised_at=now)
    return {"web": web, "till": till, "hanoi": hanoi, "saigon": saigon}


def waiting(user: User, now) -> dict[str, int]:
    return {str(queue.title): queue.waiting for queue in queues_of(user, caller_of_user(user).places, now=now)}


def test_more_orders_for_less_money_are_good_and_bad_news_each_by_itself():
    day = Day(today=Sales(orders=19, total=500_000), before=Sales(orders=18, total=900_000))
    assert (day.orders_tone, day.total_tone) == ("good", "bad")
    assert Day(today=Sales(1, 1)).total_tone == "even"


def test_today_beside_the_same_hours_a_week_before(shop, now):
    (day,) = days_of(None, now=now)
    assert (day.currency, day.whole.today.orders, day.whole.before.orders) == ("VND", 5, 1)
    assert day.whole.today.total == 500_000
    channels = dict(day.channels)
    assert (channels["Till"].today.orders, channels["Till"].before.orders) == (1, 1)
    assert channels["Web"].total_change == "—"


def test_what_waits_everywhere(shop, now, admin_user):
    assert list(waiting(admin_user, now).values()) == [3, 1, 1, 0, 1, 1, 0]


def test_a_clerk_sees_the_work_of_their_store_alone(shop, now):
    bob = colleague("Store clerk", shop["saigon"])
    assert list(waiting(bob, now).values()) == [1, 0, 0, 0, 0, 0]
    (day,) = days_of(caller_of_user(bob).places, now=now)
    assert day.whole.today.orders == 1


def test_channels_tell_what_waits_and_what_is_wrong(shop, now):
    web = shop["web"]
    old = now - timedelta(minutes=12)
    row = {"channel": web, "topic": "offer", "wanted": 2, "due_at": now}
    Delivery.objects.create(**row, key="A", waiting_since=old)
    Delivery.objects.create(**row, key="B", state="dead")
    Drift.objects.create(channel=web, key="A", field="price", ours="1", theirs="2", found_at=now)
    ChannelHealth.objects.create(channel=web, failures=2, last_error="refused")
    (state,) = channel_states(now=now)
    assert (state.backlog, state.waiting_minutes, state.dead, state.drift, state.error) == (1, 12, 1, 1, "refused")
    assert state.tone == "bad"


def test_the_page_takes_few_statements_and_says_as_of_when(
    shop, now, client, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr("omni.core.clock.now", lambda: now)
    client.force_login(colleague("Store manager", shop["hanoi"]))
    with django_assert_max_num_queries(14):
        page = client.get(reverse("admin:index"), headers={"Accept-Language": "en"})
    words = page.content.decode()
    assert "Data as of June 17, 2026, noon" in words
    assert shop["hanoi"].name in words


def test_an_empty_shop_says_so_in_words(client, admin_user):
    client.force_login(admin_user)
    words = client.get(reverse("admin:index"), headers={"Accept-Language": "en"}).content.decode()
    assert "No orders yet today" in words
    assert "No channel is pushed to yet" in words


def test_the_language_is_switched_before_and_after_signing_in(client):
    login = client.get(reverse("admin:login"), headers={"Accept-Language": "en"})
    assert b'lang="en"' in login.content
    client.post(reverse("set_language"), {"language": "vi", "next": reverse("admin:login")})
    assert '<html lang="vi"' in client.get(reverse("admin:login")).content.decode()


def test_error_pages_speak_both_languages(client, settings):
    settings.DEBUG = False
    words = client.get("/no/such/page/").content.decode()
    assert "Không có trang này" in words
    assert "There is no such page" in words
