"""Customers in the desk: found, seen whole, merged and un-merged with a reason."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from customers.models import AccessLog, Customer, LinkDecision, ReviewPair
from customers.queries import records_of
from tests.factories.core import ChannelFactory, StaffFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db

LAN, PHONE = "Nguyễn Thị Lan", "0912345678"
LIST = "admin:customers_customer_changelist"


@pytest.fixture
def desk(client, db):
    client.force_login(StaffFactory.create(username="manager", is_superuser=True))
    return client


@pytest.fixture
def pair(db, now):
    one = person(LAN, phone=PHONE, channel=ChannelFactory.create(code="app", kind="app"), now=now)
    other = person(LAN, phone=PHONE, channel=ChannelFactory.create(code="till", kind="store"), now=now)
    return one, other


def test_every_model_of_the_room_opens_in_the_desk(desk, pair):
    for model in apps.get_app_config("customers").get_models():
        assert model in admin.site._registry, model
        name = f"admin:customers_{model._meta.model_name}_changelist"
        assert desk.get(reverse(name)).status_code == 200, name


def test_a_customer_is_found_by_name_phone_or_email(desk, pair, now):
    person("Trần Văn Minh", email="minh@example.com", now=now)
    for text, count in (("lan nguyen", 2), ("0912 345 678", 2), ("minh@", 1), ("hoa", 0)):
        found = desk.get(reverse(LIST), {"q": text})
        assert found.context["cl"].queryset.count() == count, text


def test_the_page_of_a_customer_shows_all_and_is_written_down(desk, pair):
    one, _other = pair
    page = desk.get(reverse("admin:customers_customer_change", args=[one.customer.pk])).content.decode()
    assert LAN in page
    assert "+84912345678" in page
    assert AccessLog.objects.get().caller == "staff:manager"


def test_two_are_merged_with_a_reason_and_parted_again(desk, pair):
    one, other = pair
    body = {"action": "merge_selected", "_selected_action": [one.customer.pk, other.customer.pk]}
    assert "reason" in desk.post(reverse(LIST), body).content.decode()
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert desk.post(reverse(LIST), {**body, "reason": "Her word"}).status_code == 302
    assert records_of(one.customer.pk) == [one.source_record.pk, other.source_record.pk]
    assert LinkDecision.objects.get().decided_by == "staff:manager"

    url = reverse("admin:customers_customer_unmerge_record", args=[one.customer.pk])
    assert desk.get(url).status_code == 200
    assert desk.post(url, {"source_records": [other.source_record.pk], "reason": "Twins"}).status_code == 302
    assert records_of(other.customer.pk) == [other.source_record.pk]


def test_a_clerk_who_may_only_look_cannot_merge_or_export(client, pair):
    clerk = StaffFactory.create(username="clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="view_customer"))
    client.force_login(clerk)
    one, other = pair
    selected = [one.customer.pk, other.customer.pk]
    for name in ("merge_selected", "export_selected"):
        client.post(reverse(LIST), {"action": name, "_selected_action": selected, "reason": "?"})
    assert client.post(reverse("admin:customers_customer_unmerge_record", args=[one.customer.pk])).status_code == 403
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert not AccessLog.objects.exists()


def test_a_review_is_settled_either_way(desk, pair, now):
    url = reverse("admin:customers_reviewpair_changelist")
    review = ReviewPair.objects.get()
    desk.post(url, {"action": "two_people", "_selected_action": [review.pk]})
    review.refresh_from_db()
    assert review.settled_by == "staff:manager"
    assert LinkDecision.objects.get().verdict == "different"

    third = person("Trần Minh", phone="0987654321", channel=ChannelFactory.create(code="app"), now=now)
    fourth = person("Trần Minh", phone="0987654321", channel=ChannelFactory.create(code="till"), now=now)
    desk.post(url, {"action": "one_person", "_selected_action": [ReviewPair.objects.latest("id").pk]})
    assert records_of(third.customer.pk) == [third.source_record.pk, fourth.source_record.pk]


def test_the_export_is_a_file(desk, pair):
    one, _other = pair
    answer = desk.post(reverse(LIST), {"action": "export_selected", "_selected_action": [one.customer.pk]})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert LAN in answer.content.decode()
