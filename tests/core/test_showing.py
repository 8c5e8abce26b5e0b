"""Data as people read it, and an import's page: how far it is, its problems, all of them as a file."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from omni.core.models import ImportProblem, ImportRun
from omni.core.showing import money, record, table, when
from tests.factories.core import LocationFactory, StaffFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 17, 5, 0, tzinfo=UTC)


def test_money_says_its_currency_and_points_that_they_are_points():
    with translation.override("vi"):
        assert money(1_250_000, "VND").replace("\xa0", " ") == "1.250.000 ₫"
    with translation.override("en"):
        assert money(1999, "USD") == "$19.99"
        assert money(1200, "points") == "1,200 points"
        assert money(None, "VND") == "–"


def test_times_are_in_the_shops_zone_and_the_readers_way():
    with translation.override("en"):
        assert when(NOW) == "June 17, 2026, noon"
    with translation.override("vi"):
        assert when(NOW) == "12:00 17/06/2026"


def test_a_record_is_names_and_values_never_braces():
    here = LocationFactory(name="Hoàn Kiếm")
    with translation.override("en"):
        told = record({"sources": [{"location": here.pk, "reason": "near"}], "total": 5000, "empty": []}, "VND")
    assert "Hoàn Kiếm" in told
    assert "₫5,000" in told
    assert "empty" not in told
    assert not set("{}[]") & set(told)


def test_what_people_typed_is_shown_and_never_run():
    assert "<script>" not in record({"name": "<script>alert(1)</script>"})
    assert "<b>" not in table(["<b>"], [["<b>"]])


def test_texts_in_two_languages_are_shown_in_the_readers():
    with translation.override("vi"):
        assert record({"vi": "Áo", "en": "Shirt"}) == "Áo"


@pytest.fixture
def run(db) -> ImportRun:
    run = ImportRun.objects.create(
        kind="sales", file_name="year.csv", file_hash="x", started_at=NOW, state="running", step="orders",
        rows_total=200, rows_done=50, rows_taken=48, rows_refused=2,
    )  # fmt: skip
    ImportProblem.objects.create(run=run, row=3, column="price", code="bad_amount", value="=HYPERLINK(1)")
    ImportProblem.objects.create(run=run, row=7, column="sku", code="unknown_sku", value="Áo", refused=False)
    return run


def test_a_running_import_is_a_bar_that_fetches_itself(run, admin_client):
    page = admin_client.get(reverse("admin:core_importrun_change", args=[run.pk])).content.decode()
    assert '<progress max="100" value="25"' in page
    assert f'data-refresh="{reverse("admin:core_importrun_progress", args=[run.pk])}"' in page
    bar = admin_client.get(reverse("admin:core_importrun_progress", args=[run.pk]))
    assert bar.headers["X-Ended"] == "0"

    ImportRun.objects.filter(pk=run.pk).update(state="done", rows_taken=198)

    assert admin_client.get(reverse("admin:core_importrun_progress", args=[run.pk])).headers["X-Ended"] == "1"
    assert (
        "data-refresh" not in admin_client.get(reverse("admin:core_importrun_change", args=[run.pk])).content.decode()
    )


def test_all_problems_come_as_a_file_that_runs_nothing(run, admin_client):
    answer = admin_client.get(reverse("admin:core_importrun_problems", args=[run.pk]))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert "'=HYPERLINK(1)" in lines[1]
    assert "Áo" in lines[2]


def test_who_may_not_see_imports_sees_neither_bar_nor_file(run, client):
    client.force_login(StaffFactory())
    for name in ("core_importrun_progress", "core_importrun_problems"):
        assert client.get(reverse(f"admin:{name}", args=[run.pk])).status_code == 403


def test_every_admin_names_money_that_exists():
    for model, page in admin.site._registry.items():
        names = {field.name for field in model._meta.get_fields()}
        assert set(getattr(page, "money", ())) <= names, model
