"""What every endpoint has: who may call, one error shape, repeats answered with the first answer."""

import json
import threading

import pytest
from django.db import IntegrityError, connection
from django.test import override_settings
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient

from omni.core import clock
from omni.core.api.callers import caller_of_user
from omni.core.api.permissions import Access
from omni.core.api.views import ApiView
from omni.core.errors import Conflict, Forbidden
from omni.core.keys import issue_staff_token
from omni.core.models import KeptAnswer, Location, StaffPlace, Token
from tests.factories.core import ChannelFactory, LocationFactory, StaffFactory, bearer

pytestmark = pytest.mark.django_db

HOLD = threading.Event()
INSIDE = threading.Event()


class WrongTry(Forbidden):
    code = "wrong_try"
    keeps_writes = True


class MakeStore(ApiView):
    """Makes a location; the body says whether it then refuses, and how."""

    access = {"GET": Access(key=True), "POST": Access(key=True, staff="core.add_location")}
    idempotent = {"POST"}

    def get(self, request):
        return Response({"caller": self.caller.name})

    def post(self, request):
        location = Location.objects.create(code=request.data["code"], name="New", kind="store")
        match request.data.get("then"):
            case "refuse":
                raise Conflict(code="no_room", details={"left": 0})
            case "count":
                raise WrongTry
            case "repeat":
                Location.objects.create(code=location.code, name="Twice", kind="store")
            case "wait":
                INSIDE.set()
                HOLD.wait(10)
        return Response({"id": str(location.pk)}, status=201)


class Forgotten(ApiView):
    def get(self, request):
        return Response({})


urlpatterns = [path("stores", MakeStore.as_view()), path("forgotten", Forgotten.as_view())]
here = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def web():
    return ChannelFactory(code="web")


@pytest.fixture
def client(web):
    with here:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=bearer(web)["Authorization"])
        yield client


def post(client, body, key="k1"):
    return client.post("/stores", body, headers={"Idempotency-Key": key})


def test_nobody_is_let_in_without_a_key():
    with here:
        answer = APIClient().get("/stores")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_key_that_ended_is_unknown(client):
    assert client.get("/stores").json() == {"caller": "key:web"}
    Token.objects.update(ended_at=clock.now())
    assert client.get("/stores").status_code == 401


def test_a_view_without_an_access_table_is_open_to_nobody(client):
    assert client.get("/forgotten").status_code == 403


def test_a_colleague_needs_the_permission_that_the_view_names(web):
    clerk = StaffFactory()
    token, _ = issue_staff_token(user=clerk, now=clock.now())
    with here:
        answer = APIClient().post("/stores", {"code": "q1"}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert not Location.objects.exists()


def test_a_colleague_acts_only_at_their_stores():
    clerk, here_, there = StaffFactory(), LocationFactory(), LocationFactory()
    StaffPlace.objects.create(user=clerk, location=here_)
    caller = caller_of_user(clerk)
    assert caller.may_act_at(here_.pk)
    assert not caller.may_act_at(there.pk)


def test_a_write_without_an_idempotency_key_is_refused(client):
    answer = client.post("/stores", {"code": "q1"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "idempotency_key_required"
    assert not Location.objects.exists()


def test_a_repeat_gets_the_first_answer_byte_for_byte(client):
    first = post(client, {"code": "q1"})
    second = post(client, {"code": "q1"})
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert "Idempotent-Replay" not in first
    assert second["Idempotent-Replay"] == "true"
    assert Location.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(client):
    post(client, {"code": "q1"})
    answer = post(client, {"code": "q2"})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "idempotency_mismatch"
    assert Location.objects.count() == 1


def test_a_refusal_undoes_everything_and_frees_the_key(client):
    refused = post(client, {"code": "q1", "then": "refuse"})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"left": 0}
    assert not Location.objects.exists()
    assert post(client, {"code": "q1"}).status_code == 201


def test_a_refusal_that_keeps_its_writes_is_committed_but_not_kept_as_an_answer(client):
    assert post(client, {"code": "q1", "then": "count"}).json()["error"]["code"] == "wrong_try"
    assert Location.objects.count() == 1
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_broken_constraint_is_a_conflict_and_never_a_500(client):
    answer = post(client, {"code": "q1", "then": "repeat"})
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "conflict"
    assert not Location.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_request_while_the_first_runs_is_told_so(client):
    answers = []

    def first():
        answers.append(post(client, {"code": "q1", "then": "wait"}))
        connection.close()

    HOLD.clear()
    INSIDE.clear()
    thread = threading.Thread(target=first)
    thread.start()
    assert INSIDE.wait(10)
    second = post(client, {"code": "q1", "then": "wait"})
    HOLD.set()
    thread.join()
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "in_progress"
    assert answers[0].status_code == 201
    assert Location.objects.count() == 1


def test_messages_follow_the_readers_language(client):
    english = client.post("/stores", {}, headers={"Accept-Language": "en"}).json()["error"]["message"]
    vietnamese = client.post("/stores", {}, headers={"Accept-Language": "vi"}).json()["error"]["message"]
    assert "Idempotency-Key" in english
    assert english != vietnamese


def test_the_database_refuses_a_token_without_its_caller():
    with pytest.raises(IntegrityError, match="token_names_its_caller"):
        Token.objects.create(kind="channel", fingerprint="x", created_at=clock.now())


def test_kept_answers_are_json_as_it_was_sent(client):
    post(client, {"code": "q1"})
    kept = KeptAnswer.objects.get()
    assert json.loads(kept.body) == {"id": str(Location.objects.get().pk)}
