"""The form that colleagues ask for points with: found in the menu, and usable among a million records."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from tests.desk.shop import colleague
from tests.factories.customers import person

pytestmark = pytest.mark.django_db
ADD = "/admin/loyalty/adjustment/add/"


def test_who_may_adjust_finds_it_in_the_menu():
    request = RequestFactory().get("/admin/")
    request.user = colleague("Support")
    links = [
        item["link"] for group in admin.site.each_context(request)["sidebar_navigation"] for item in group["items"]
    ]
    assert any(link.startswith(reverse("admin:loyalty_adjustment_changelist")) for link in links)


def test_the_form_lists_no_records_and_is_drawn_like_every_other(client):
    person("Nguyễn Thị Lan", phone="0912345678")
    client.force_login(colleague("Support"))
    page = client.get(ADD)
    assert page.status_code == 200
    body = page.content.decode()
    assert '<select name="source_record"' not in body
    assert "Nguyễn Thị Lan" not in body
    assert "border" in str(page.context["adminform"].form.fields["points"].widget.attrs["class"])
