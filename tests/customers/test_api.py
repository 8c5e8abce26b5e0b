"""The names that front ends rely on, each with what it refuses."""

from itertools import count

import pytest
from rest_framework.test import APIClient

from customers.codes import make_code
from customers.models import AccessLog, Customer, SignInCode, SourceRecord
from omni.core import clock
from omni.core.keys import issue_customer_token, issue_staff_token
from omni.core.models import OutboxMessage, RateCounter
from tests.factories.core import ChannelFactory, StaffFactory, bearer
from tests.factories.customers import person

pytestmark = [pytest.mark.django_db]

LAN = "Nguyễn Thị Lan"
_keys = count()


class Api(APIClient):
    """A caller of the API under /api/v1/, with a fresh Idempotency-Key for every write."""

    def __init__(self, headers=None):
        super().__init__(headers=headers or {})

    def generic(self, method, path, *args, **kwargs):
        extra = kwargs.pop("headers", None) or {}
        if method == "POST":
            extra = {"Idempotency-Key": f"key-{next(_keys)}", **extra}
        return super().generic(method, f"/api/v1/{path}", *args, headers=extra, **kwargs)


@pytest.fixture
def web(db):
    return ChannelFactory.create(code="web", kind="web")


@pytest.fixture
def app(web):
    return Api(bearer(ChannelFactory.create(code="app", kind="app")))


@pytest.fixture
def till(web):
    return Api(bearer(ChannelFactory.create(code="till", kind="store")))


@pytest.fixture
def manager(db):
    user = StaffFactory.create(username="manager", is_superuser=True)
    return Api({"Authorization": f"Bearer {issue_staff_token(user=user, now=clock.now())[0]}"})


@pytest.fixture
def clerk(db):
    """A colleague without any right."""
    user = StaffFactory.create(username="clerk")
    return Api({"Authorization": f"Bearer {issue_staff_token(user=user, now=clock.now())[0]}"})


def signed_in(found, channel):
    token, _until = issue_customer_token(source_record=found.source_record.pk, channel=channel, now=clock.now())
    return Api({"Authorization": f"Bearer {token}"})


def last_code() -> str:
    code, _row = make_code(sign_in_code_id=SignInCode.objects.latest("id").pk, now=clock.now())
    return code


def error(response):
    return response.status_code, response.json()["error"]["code"], response.json()["error"]["param"]


def test_one_person_in_the_app_and_at_the_till_with_a_code_by_sms(app, till):
    first = app.post("customers/identify", {"identifiers": [{"kind": "phone", "value": "0912345678"}], "name": LAN})
    assert first.status_code == 201
    assert first.json()["created"] is True

    assert till.post("auth/otp", {"phone": "0912 345 678"}).status_code == 202
    asked = OutboxMessage.objects.get(kind="sign_in.asked")
    assert asked.key == str(SignInCode.objects.get().pk)
    assert asked.payload == {}
    told = {
        "identifiers": [
            {"kind": "phone", "value": "0912345678", "code": last_code()},
            {"kind": "email", "value": "Lan@example.com"},
        ],
        "name": "Nguyen Thi Lan",
    }
    second = till.post("customers/identify", told)
    assert second.status_code == 200
    assert second.json()["customer"] == first.json()["customer"]
    assert second.json()["matched_by"] == "phone+name"
    assert second.json()["created"] is False

    stranger = app.post(
        "customers/identify", {"identifiers": [{"kind": "phone", "value": "0912345678"}], "name": "Trần Văn Minh"}
    )
    assert stranger.json()["customer"] != first.json()["customer"]

    lan = till.get(f"customers/{first.json()['customer']}").json()
    assert (lan["name"], lan["phone"], lan["email"]) == (LAN, "+84912345678", "lan@example.com")
    assert [record["channel"] for record in lan["source_records"]] == ["app", "till"]
    assert {"kind": "phone", "value": "+84912345678", "verified": True, "valid_until": None} in lan["identifiers"]


def test_the_same_key_gives_the_same_answer(till):
    body = {"identifiers": [{"kind": "phone", "value": "0912345678"}], "name": LAN}
    first = till.post("customers/identify", body, headers={"Idempotency-Key": "once"})
    again = till.post("customers/identify", body, headers={"Idempotency-Key": "once"})
    assert again.content == first.content
    assert again.headers["Idempotent-Replay"] == "true"
    assert SourceRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("phone", "12", "bad_phone"), ("phone", "not a number", "bad_phone"), ("email", "lan@", "bad_email")],
)
def test_a_malformed_identifier_is_refused_and_nothing_is_kept(till, kind, value, code):
    body = {"identifiers": [{"kind": "card", "value": "C1"}, {"kind": kind, "value": value}]}
    assert error(till.post("customers/identify", body)) == (422, code, "identifiers[1].value")
    assert not SourceRecord.objects.exists()


def test_five_wrong_codes_end_the_code(till):
    till.post("auth/otp", {"phone": "0912345678"})
    right = last_code()
    wrong = "000000" if right != "000000" else "111111"

    def tell(code):
        return till.post(
            "customers/identify", {"identifiers": [{"kind": "phone", "value": "0912345678", "code": code}], "name": LAN}
        )

    for _ in range(5):
        assert error(tell(wrong)) == (403, "wrong_code", "identifiers[0].code")
    assert SignInCode.objects.get().wrong_tries == 5
    assert error(tell(right)) == (403, "wrong_code", "identifiers[0].code")
    assert not Customer.objects.exists()


def test_a_code_works_once(till):
    till.post("auth/otp", {"phone": "0912345678"})
    code = last_code()
    claim = {"kind": "phone", "value": "0912345678", "code": code}
    assert till.post("customers/identify", {"identifiers": [claim], "name": LAN}).status_code == 201
    assert till.post("customers/identify", {"identifiers": [claim], "name": LAN}).status_code == 403


def test_sign_in_asks_and_answers_the_same_for_everybody(web):
    anybody = Api()
    person(LAN, phone="0912345678", verified=True)
    for phone in ("0912345678", "0987654321"):
        assert anybody.post("auth/otp", {"phone": phone}).status_code == 202
        assert error(anybody.post("auth/token", {"phone": phone, "code": "000000"}))[:2] == (403, "wrong_code")
    assert error(anybody.post("auth/otp", {"phone": "0912345678", "email": "a@b.vn"}))[0] == 400
    assert error(anybody.post("auth/otp", {"email": "a"}))[:2] == (422, "bad_email")


def test_sign_in_gives_a_token_for_their_own_things_only(web):
    lan, minh = person(LAN, phone="0912345678", verified=True), person("Trần Văn Minh", phone="0987654321")
    anybody = Api()
    anybody.post("auth/otp", {"phone": "0912345678"})
    answer = anybody.post("auth/token", {"phone": "+84 912 345 678", "code": last_code()}).json()
    assert answer["customer"] == str(lan.customer.pk)
    assert answer["cart"] is None

    own = Api({"Authorization": f"Bearer {answer['token']}"})
    assert own.get(f"customers/{lan.customer.pk}").status_code == 200
    assert error(own.get(f"customers/{minh.customer.pk}"))[:2] == (404, "not_found")
    assert error(own.get("customers?search=minh"))[0] == 403
    assert not AccessLog.objects.exists()


def test_asking_for_codes_is_limited(web):
    anybody = Api()
    answers = [anybody.post("auth/otp", {"phone": "0912345678"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert SignInCode.objects.count() == 5
    assert not RateCounter.objects.filter(bucket__contains="0912345678").exists()


def test_a_merged_away_number_shows_the_survivor(manager):
    lan, double = person(LAN, phone="0912345678"), person("Lan Nguyễn", email="lan@example.com")
    body = {"keep": str(lan.customer.pk), "absorb": str(double.customer.pk), "reason": "She said so"}
    merged = manager.post("customers/merge", body)
    assert merged.json()["id"] == str(lan.customer.pk)
    shown = manager.get(f"customers/{double.customer.pk}")
    assert shown.status_code == 200
    assert shown.json()["id"] == str(lan.customer.pk)
    assert shown.json()["merged_from"] == str(double.customer.pk)
    assert error(manager.post("customers/merge", body))[:2] == (409, "not_mergeable")

    parted = manager.post(
        "customers/unmerge",
        {"customer": str(lan.customer.pk), "source_records": [str(double.source_record.pk)], "reason": "Two people"},
    ).json()
    assert [row["id"] for row in parted["customers"]] == [str(lan.customer.pk), str(double.customer.pk)]
    assert "merged_from" not in manager.get(f"customers/{double.customer.pk}").json()


def test_only_those_with_the_right_merge_search_or_erase(till, clerk, app):
    lan, double = person(LAN, phone="0912345678"), person(LAN, email="lan@example.com")
    body = {"keep": str(lan.customer.pk), "absorb": str(double.customer.pk), "reason": "?"}
    for caller in (till, clerk):
        assert caller.post("customers/merge", body).status_code == 403
        assert caller.post(f"customers/{lan.customer.pk}/erase").status_code == 403
    assert Api().get(f"customers/{lan.customer.pk}").status_code == 401
    assert app.get("customers?search=lan").status_code == 403
    assert till.get("customers?search=lan").status_code == 200
    assert clerk.get(f"customers/{lan.customer.pk}").status_code == 403
    assert Customer.objects.filter(merged_into=None, erased_at=None).count() == 2


def test_an_unknown_or_odd_number_is_not_found(till):
    for number in ("999", "abc", "-1", "9" * 30):
        assert error(till.get(f"customers/{number}"))[:2] == (404, "not_found")


def test_a_profile_is_corrected_on_any_channel(till, web):
    lan = person(LAN, phone="0912345678", verified=True)
    own = signed_in(lan, web)
    changed = own.patch(
        f"customers/{lan.customer.pk}",
        {"name": "Nguyễn Lan", "email": "new@example.com", "language": "en", "preferences": {"size": "M"}},
    ).json()
    assert (changed["name"], changed["email"], changed["language"]) == ("Nguyễn Lan", "new@example.com", "en")
    till.patch(f"customers/{lan.customer.pk}", {"preferences": {"store": "hcm-1"}})
    shown = till.get(f"customers/{lan.customer.pk}").json()
    assert shown["preferences"] == {"size": "M", "store": "hcm-1"}
    assert shown["phone"] == "+84912345678"
    assert error(own.patch(f"customers/{lan.customer.pk}", {"phone": "1"})) == (
        422,
        "bad_phone",
        "identifiers[0].value",
    )


def test_looking_at_somebody_is_written_down(manager, till):
    lan = person(LAN, phone="0912345678")
    manager.get(f"customers/{lan.customer.pk}")
    till.get(f"customers/{lan.customer.pk}/timeline")
    till.get("customers?search=lan")
    seen = list(AccessLog.objects.order_by("id").values_list("caller", "what", "user__username"))
    assert seen == [("staff:manager", "profile", "manager"), ("key:till", "timeline", None)]


def test_consent_needs_a_proof_and_the_latest_word_counts(till):
    lan = person(LAN, phone="0912345678")
    url = f"customers/{lan.customer.pk}/consents"
    check = f"{url}/check?purpose=marketing&channel=sms"
    assert till.get(check).json() == {"allowed": False, "reason": "no_consent"}
    told = {"purpose": "marketing", "channel": "sms", "granted": True}
    assert error(till.post(url, told)) == (422, "proof_required", "proof")
    assert error(till.post(url, {**told, "proof": {}})) == (422, "proof_required", "proof")
    assert error(till.post(url, {**told, "channel": "pigeon", "proof": {"form": 1}})) == (422, "bad_consent", "channel")
    assert till.post(url, {**told, "proof": {"form": "till-2"}}).status_code == 201
    assert till.get(check).json() == {"allowed": True, "reason": "granted"}
    till.post(url, {**told, "granted": False, "proof": {"sms": "STOP"}})
    assert till.get(check).json() == {"allowed": False, "reason": "withdrawn"}
    assert [row["granted"] for row in till.get(url).json()["results"]] == [False, True]
    assert error(till.get(f"{url}/check?purpose=marketing")) == (400, "required", "channel")


def test_interactions_are_taken_once_and_shown_page_by_page(till):
    lan = person(LAN, phone="0912345678")
    noon = "2026-06-17T12:00:00+07:00"
    events = [
        {"id": f"e{n}", "customer": str(lan.customer.pk), "kind": "viewed", "happened_at": noon, "about": f"SKU-{n}"}
        for n in range(7)
    ]
    assert till.post("interactions", {"interactions": events}).json() == {"taken": 7, "repeated": 0}
    assert till.post("interactions", events[:3]).json() == {"taken": 0, "repeated": 3}

    seen, cursor = [], ""
    while cursor is not None:
        page = till.get(f"customers/{lan.customer.pk}/timeline?limit=3&cursor={cursor}").json()
        seen += [item["about"] for item in page["results"]]
        cursor = page["next"]
    assert sorted(seen) == [f"SKU-{n}" for n in range(7)]
    assert till.get(f"customers/{lan.customer.pk}/timeline?kind=bought").json()["results"] == []
    assert error(till.get(f"customers/{lan.customer.pk}/timeline?cursor=x"))[0] == 400


def test_interactions_that_cannot_be_are_refused_whole(till):
    lan = person(LAN, phone="0912345678")
    good = {"id": "a", "customer": str(lan.customer.pk), "kind": "viewed", "happened_at": "2026-06-17T12:00:00+07:00"}
    for bad, answer in [
        ({**good, "customer": "999"}, (422, "unknown_customer", "interactions[1].customer")),
        ({**good, "happened_at": "2126-06-17T12:00:00+07:00"}, (422, "bad_time", "interactions[1].happened_at")),
        ({**good, "id": "b", "customer": str(lan.customer.pk), "kind": ""}, (400, "blank", "interactions[1].kind")),
    ]:
        assert error(till.post("interactions", {"interactions": [good, bad]})) == answer
    assert error(till.post("interactions", {"interactions": [good] * 501}))[0] == 400
    assert till.get(f"customers/{lan.customer.pk}/timeline").json()["results"] == []


def test_every_route_of_the_room_denies_by_default():
    from customers.urls import urlpatterns

    for route in urlpatterns:
        view = getattr(route.callback, "view_class")  # noqa: B009
        methods = {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
        assert methods == set(view.access), route.name
