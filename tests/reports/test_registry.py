"""Every report that is listed keeps to the pattern."""

from datetime import UTC, datetime

import pytest
from django.template.loader import get_template
from django.urls import reverse

from omni.reports.base import Filters
from omni.reports.periods import compared_with, make_period
from omni.reports.registry import REPORTS
from tests.desk.shop import colleague


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(REPORTS))
def test_a_report_has_words_a_template_and_an_empty_state(code, client):
    report, now = REPORTS[code], datetime(2026, 6, 17, 5, tzinfo=UTC)
    assert report.code == code
    assert str(report.title)
    assert str(report.about)
    get_template(f"reports/{code.replace('-', '_')}.html")
    period = make_period("30d", now=now)
    table = report.compute(period, compared_with(period, "year", now=now), Filters(), now=now)
    assert table.empty
    assert table.as_of == now
    assert all(str(column.definition) for column in table.columns)
    client.force_login(colleague("Analyst"))
    for kind in ("", "csv", "xlsx"):
        assert client.get(reverse("reports:show", args=[code]), {"format": kind}).status_code == 200


@pytest.mark.django_db
def test_the_list_of_reports_leads_to_each(client):
    client.force_login(colleague("Analyst"))
    page = client.get(reverse("reports:index")).content.decode()
    for code in REPORTS:
        assert reverse("reports:show", args=[code]) in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("Store clerk", 403),
        ("Support", 403),
        ("Store manager", 200),
        ("Analyst", 200),
        ("Merchandiser", 200),
        ("Operator", 200),
    ],
)
def test_who_may_read_reports(role, status, client):
    assert client.get(reverse("reports:index")).status_code == 302
    client.force_login(colleague(role))
    assert client.get(reverse("reports:index")).status_code == status
    assert client.get(reverse("reports:show", args=["sales-by-channel"])).status_code == status
    assert client.get(reverse("reports:show", args=["no-such-report"])).status_code in {404, status}
