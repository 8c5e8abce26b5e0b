"""Points and gift cards over HTTP."""

import pytest
from django.contrib.auth.models import Permission

from customers.models import Identifier
from loyalty import tasks
from loyalty.api import gift_cards as gift_card_api
from loyalty.balances import balance_of
from loyalty.models import Account, Adjustment, Entry
from omni.core import clock
from omni.core.keys import issue_customer_token, issue_staff_token
from tests.factories.core import ChannelFactory, StaffFactory, bearer
from tests.factories.loyalty import BEGINNING, ProgrammeFactory, TierFactory, give_points, make_member
from tests.loyalty.helpers import books_are_right

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    programme = ProgrammeFactory()
    TierFactory(programme=programme, code="silver", threshold=5_000_000)
    customer, records = make_member("Alice")
    give_points(records[0], 1_240, order="W-1", now=clock.now())
    return customer, records


@pytest.fixture
def till():
    return bearer(ChannelFactory(code="till", kind="store"))


@pytest.fixture
def web():
    return bearer(ChannelFactory(code="web"))


def customer_token(record):
    token, _until = issue_customer_token(source_record=record, channel=ChannelFactory(code="web"), now=clock.now())
    return {"Authorization": f"Bearer {token}"}


def staff(*permissions, username="carol"):
    user = StaffFactory(username=username)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    return {"Authorization": f"Bearer {issue_staff_token(user=user, now=clock.now())[0]}"}


def post(client, path, body, headers, key="k-1"):
    return client.post(
        f"/api/v1/{path}", body, content_type="application/json", headers={**headers, "Idempotency-Key": key}
    )


def test_a_member_is_shown_with_points_tier_and_lots(client, alice, web):
    customer, _records = alice
    answer = client.get(f"/api/v1/loyalty/{customer.pk}", headers=web)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["available"], told["pending"], told["held"]) == (1_240, 0, 0)
    assert [lot["points"] for lot in told["lots"]] == [1_240]
    assert told["tier"]["next"] == "silver"
    assert told["tier"]["to_go"] == 5_000_000 - 1_240_000
    assert told["programme"]["code"] == "club"


def test_entries_say_why_page_by_page(client, alice, web):
    customer, _records = alice
    first = client.get(f"/api/v1/loyalty/{customer.pk}/entries?limit=1", headers=web).json()
    assert [(line["reason"], line["before"], line["after"]) for line in first["results"]] == [("release", 0, 1_240)]
    second = client.get(f"/api/v1/loyalty/{customer.pk}/entries?cursor={first['next']}", headers=web).json()
    assert [line["reason"] for line in second["results"]] == ["earn"]
    assert second["next"] is None
    assert client.get(f"/api/v1/loyalty/{customer.pk}/entries?cursor=x", headers=web).status_code == 400


def test_a_customer_sees_their_own_points_and_nobody_elses(client, alice):
    customer, records = alice
    bob, _bobs = make_member("Bob")
    mine = customer_token(records[0])
    for path in ("", "/entries"):
        assert client.get(f"/api/v1/loyalty/{customer.pk}{path}", headers=mine).status_code == 200
        assert client.get(f"/api/v1/loyalty/{bob.pk}{path}", headers=mine).status_code == 404
    assert post(client, f"loyalty/{bob.pk}/redemptions", {"points": 1}, mine).status_code == 404


@pytest.mark.parametrize("customer", ["0", "x", "99999999999999999999"])
def test_nobody_is_not_found(client, web, customer):
    assert client.get(f"/api/v1/loyalty/{customer}", headers=web).status_code == 404


def test_a_member_is_found_by_card(client, alice, till):
    customer, records = alice
    Identifier.objects.create(source_record_id=records[0], kind="card", value="CLUB123", valid_from=BEGINNING)
    assert client.get("/api/v1/loyalty/by-card/club-123", headers=till).json()["customer"] == str(customer.pk)
    assert client.get("/api/v1/loyalty/by-card/CLUB999", headers=till).status_code == 404


def test_points_are_redeemed_once_for_a_key(client, alice, till):
    customer, records = alice
    for _again in range(2):
        answer = post(client, f"loyalty/{customer.pk}/redemptions", {"points": 240}, till)
        assert (answer.status_code, answer.json()["available"]) == (201, 1_000)
    short = post(client, f"loyalty/{customer.pk}/redemptions", {"points": 1_001}, till, key="k-2")
    assert (short.status_code, short.json()["error"]["code"]) == (409, "points_short")
    for body in ({}, {"points": 1, "reward": "mug"}):
        assert post(client, f"loyalty/{customer.pk}/redemptions", body, till, key="k-3").status_code == 400
    assert balance_of(records).available == 1_000


def test_staff_with_the_right_adjust_points_and_large_ones_wait(client, alice, till):
    customer, records = alice
    path = f"loyalty/{customer.pk}/adjustments"
    carol = staff("add_adjustment")
    small = post(client, path, {"points": 10, "reason": "late parcel"}, carol)
    assert (small.status_code, small.json()["state"], small.json()["available"]) == (201, "done", 1_250)
    large = post(client, path, {"points": 1_001, "reason": "late parcel"}, carol, key="k-2")
    assert (large.status_code, large.json()["state"], large.json()["available"]) == (201, "waiting", 1_250)
    assert post(client, path, {"points": 10}, carol, key="k-3").status_code == 400
    for nobody in (till, staff(username="dora"), customer_token(records[0])):
        assert post(client, path, {"points": 10, "reason": "me"}, nobody).status_code == 403
    assert Adjustment.objects.count() == 2


def test_a_till_sells_a_gift_card_and_tells_its_number_once(client, till, web):
    card = post(client, "gift-cards", {"amount": 500_000, "payment": "cash"}, till)
    assert card.status_code == 201
    assert (card.json()["balance"], card.json()["currency"]) == (500_000, "VND")
    path = f"/api/v1/gift-cards/{card.json()['id']}/number"
    number = client.post(path, headers=till).json()["number"]
    assert number[-4:] == card.json()["last4"]
    again = client.post(path, headers=till)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_told")
    there = post(client, "gift-cards/balance", {"number": number}, web)
    assert (there.status_code, there.json()["balance"]) == (200, 500_000)
    unknown = post(client, "gift-cards/balance", {"number": "ABCD-EFGH"}, web)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "gift_card_unknown")
    books_are_right()


def test_a_key_without_the_right_sells_no_gift_card(client, web):
    assert post(client, "gift-cards", {"amount": 500_000}, web).status_code == 403
    assert not Account.objects.exists()


@pytest.mark.parametrize(("body", "status"), [({"amount": 0}, 422), ({}, 400), ({"amount": 5, "currency": "XXQ"}, 422)])
def test_a_gift_card_of_no_amount_is_refused(client, till, body, status):
    assert post(client, "gift-cards", body, till).status_code == status
    assert not Entry.objects.exists()


def test_guessing_gift_cards_is_limited(client, alice, monkeypatch):
    monkeypatch.setattr(gift_card_api, "TRIES_OF_PERSON", 2)
    mine = customer_token(alice[1][0])
    # A minute may turn between two tries, but not twice.
    answers = [post(client, "gift-cards/balance", {"number": "A"}, mine) for _try in range(5)]
    assert [answer.status_code for answer in answers].count(404) in {2, 3, 4}
    [*_known, refused] = [answer for answer in answers if answer.status_code == 429]
    assert int(refused["Retry-After"]) > 0


def test_tasks_may_run_twice(alice):
    for task in (tasks.release_points, tasks.expire_points, tasks.review_tiers):
        task()
        task()
    assert balance_of(alice[1]).available == 1_240


def test_admin_pages_open_and_adjustments_need_two(client, alice, admin_client, django_user_model):
    _customer, records = alice
    for model in (
        *("programme", "tier", "reward", "membertier", "account", "entry", "lot", "allocation", "accrual"),
        *("clawback", "hold", "giftcard", "adjustment"),
    ):
        assert admin_client.get(f"/admin/loyalty/{model}/").status_code == 200, model
    account = Account.objects.get(source_record=records[0], kind="available")
    assert "1240" in admin_client.get(f"/admin/loyalty/account/{account.pk}/change/").content.decode()

    add = "/admin/loyalty/adjustment/add/"
    assert admin_client.get(add).status_code == 200
    asked = {"source_record": records[0], "points": 5_000, "reason": "late parcel"}
    assert admin_client.post(add, asked).status_code == 302
    assert admin_client.post(add, {**asked, "points": -9}).status_code == 302
    assert admin_client.post(add, {**asked, "points": 0}).status_code in {200, 302}
    assert balance_of(records).available == 1_231
    waiting = Adjustment.objects.get(points=5_000)
    approve = {"action": "approve", "_selected_action": [waiting.pk]}
    admin_client.post("/admin/loyalty/adjustment/", approve)
    assert balance_of(records).available == 1_231
    client.force_login(django_user_model.objects.create_superuser("carol"))
    client.post("/admin/loyalty/adjustment/", approve)
    assert balance_of(records).available == 6_231
    books_are_right()
