"""What staff and keys may ask of a channel."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command

from omni.channels import audit
from omni.channels.models import Delivery, Drift
from omni.channels.push import push_channel
from omni.channels.relay import run_once
from omni.core.audit import all_checks
from omni.core.keys import issue_staff_token
from tests.factories.channels import offer
from tests.factories.core import ChannelFactory, StaffFactory, bearer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web(world, now):
    web = world.shop()
    offer("SHIRT", now=now, price=100_000)
    run_once(now)
    return web


def staff(now, *permissions: str) -> dict[str, str]:
    alice = StaffFactory(username="alice")
    alice.user_permissions.set(Permission.objects.filter(codename__in=permissions, content_type__app_label="channels"))
    return {"Authorization": f"Bearer {issue_staff_token(user=alice, now=now)[0]}"}


@pytest.fixture(autouse=True)
def same_time(monkeypatch, now):
    from omni.core import clock

    monkeypatch.setattr(clock, "now", lambda: now)


def test_the_status_tells_how_far_behind_a_channel_is(client, web, now):
    told = client.get(f"/api/v1/channels/{web.code}/status", headers=bearer(web)).json()
    assert (told["stage"], told["backlog"], told["drift"], told["last_error"]) == ("live", 1, 0, "")
    push_channel(web.pk, now)
    told = client.get(f"/api/v1/channels/{web.code}/status", headers=bearer(web)).json()
    assert (told["backlog"], told["oldest_undelivered_seconds"]) == (0, 0.0)


def test_a_channel_that_nothing_is_pushed_to_has_a_status_too(client):
    till = ChannelFactory(adapter="")
    told = client.get(f"/api/v1/channels/{till.code}/status", headers=bearer(till)).json()
    assert (told["stage"], told["backlog"]) == ("live", 0)


@pytest.mark.parametrize(
    ("method", "path", "nobody", "other_key", "own_key", "viewer", "operator"),
    [
        ("get", "status", 401, 404, 200, 200, 403),
        ("get", "shown", 401, 404, 200, 200, 403),
        ("post", "pause", 401, 403, 403, 403, 200),
        ("post", "resume", 401, 403, 403, 403, 200),
        ("post", "resync", 401, 403, 403, 403, 200),
        ("post", "verify", 401, 403, 403, 403, 200),
    ],
)
def test_who_may_do_what(client, web, now, method, path, nobody, other_key, own_key, viewer, operator):
    def ask(headers):
        call = getattr(client, method)
        return call(f"/api/v1/channels/{web.code}/{path}", content_type="application/json", headers=headers).status_code

    assert ask({}) == nobody
    assert ask(bearer(ChannelFactory())) == other_key
    assert ask(bearer(web)) == own_key
    assert ask(staff(now, "view_delivery")) == viewer
    assert ask(staff(now, "change_delivery")) == operator


def test_pause_holds_resume_goes_on_and_resync_pushes_all_again(client, web, now):
    operator = staff(now, "change_delivery", "view_delivery")

    def post(what):
        return client.post(
            f"/api/v1/channels/{web.code}/{what}", content_type="application/json", headers=operator
        ).json()

    assert post("pause")["stage"] == "paused"
    assert push_channel(web.pk, now) == 0
    assert post("resume")["stage"] == "live"
    assert push_channel(web.pk, now) == 1
    assert post("resync")["offers"] == 1
    assert push_channel(web.pk, now) == 1


def test_what_the_channel_shows_is_read_from_it_and_verify_finds_what_differs(client, world, web, now):
    push_channel(web.pk, now)
    world.ask(web, "POST", "/offers", {"offers": [world.shows(web, "SHIRT") | {"price": 3, "overwrite": True}]})
    shown = client.get(f"/api/v1/channels/{web.code}/shown?sku=SHIRT", headers=bearer(web)).json()["results"]
    assert [(one["sku"], one["price"]) for one in shown] == [("SHIRT", 3)]

    operator = staff(now, "change_delivery")
    found = client.post(
        f"/api/v1/channels/{web.code}/verify",
        {"skus": ["SHIRT"]},
        content_type="application/json",
        headers=operator,
    ).json()
    assert found == {"checked": 1, "opened": 1, "healed": 0, "open": 1}
    assert Drift.objects.get().theirs == "3"


def test_a_channel_that_does_not_answer_is_a_conflict_and_no_crash(client, world, web, now):
    world.faults(web, mode="down")
    answer = client.get(f"/api/v1/channels/{web.code}/shown", headers=bearer(web))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "channel_silent")
    world.faults(web, mode="ok")


def test_the_command_prints_every_channel(web, capsys):
    call_command("channel_status")
    assert web.code in capsys.readouterr().out


def test_the_pages_of_the_admin_open_and_their_actions_act(admin_client, web, now):
    push_channel(web.pk, now)
    for page in ("channelhealth", "delivery", "drift", "inboundorder", "inboundevent", "externalid"):
        assert admin_client.get(f"/admin/channels/{page}/").status_code == 200, page
    for action in ("pause", "resume", "resync", "replay", "verify"):
        answer = admin_client.post(
            "/admin/channels/channelhealth/", {"action": action, "_selected_action": [web.pk]}, follow=True
        )
        assert answer.status_code == 200, action
    assert Delivery.objects.get().overwrite is True


def test_the_audit_is_clean_and_finds_what_was_lost(web, now):
    push_channel(web.pk, now)
    from omni.channels.models import ChannelHealth

    ChannelHealth.objects.update(seeded_at=now)
    assert {check.name: check.look().wrong for check in audit.CHECKS} == {check.name: [] for check in audit.CHECKS}
    Delivery.objects.all().delete()
    assert [check.name for check in audit.CHECKS if check.look().wrong] == ["Every offer is told to every live channel"]
    assert isinstance(all_checks(), list)
