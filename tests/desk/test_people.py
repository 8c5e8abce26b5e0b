"""Colleagues and roles: names and rights in the reader's language."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import translation

from omni.desk.people import right_words
from omni.desk.roles import ensure_roles
from tests.desk.shop import colleague

pytestmark = pytest.mark.django_db


def read(client, address):
    answer = client.get(address, headers={"Accept-Language": "vi"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_rights_are_said_in_the_readers_language():
    rights = Permission.objects.select_related("content_type")
    with translation.override("vi"):
        assert right_words(rights.get(codename="view_order")).endswith("| Được xem")
        assert "mã nhận hàng" in right_words(rights.get(codename="unlock_pickup"))
        english = [right.codename for right in rights if "Can " in right_words(right)]
    assert english == []


def test_the_pages_of_colleagues_and_roles_name_the_roles_in_the_readers_language(client):
    ensure_roles()
    operator = colleague("Operator", username="olga")
    client.force_login(operator)
    assert "Vận hành hệ thống" in read(client, reverse("admin:auth_user_changelist"))
    assert "Quản lý cửa hàng" in read(client, reverse("admin:auth_group_changelist"))
    group = Group.objects.get(name="Store manager")
    page = read(client, reverse("admin:auth_user_change", args=[operator.pk]))
    assert "Quản lý cửa hàng" in page
    assert "Can view" not in page
    assert "Can view" not in read(client, reverse("admin:auth_group_change", args=[group.pk]))


def test_colleagues_are_found_by_their_role(client):
    ensure_roles()
    client.force_login(colleague("Operator", username="olga"))
    colleague("Store clerk", username="clara")
    clerks = Group.objects.get(name="Store clerk")
    page = read(client, reverse("admin:auth_user_changelist") + f"?groups__id__exact={clerks.pk}")
    assert ">clara<" in page
    assert ">olga<" not in page
