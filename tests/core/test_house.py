"""The house itself: layers, permissions, transitions, schema, words. Each of these fails when a rule is broken."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from omni.core import outbox
from omni.core.api.views import ApiView
from omni.core.db import fetch_all
from omni.wiring import BEAT
from orders.states import MACHINES

ROOT = Path(settings.BASE_DIR)
OURS = {"core", "channels", "customers", "catalog", "orders", "loyalty"}


def routes(patterns=None, prefix="") -> Iterator[tuple[str, URLPattern]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, where)
        else:
            yield where, pattern


API_ROUTES = [(where, pattern) for where, pattern in routes() if where.startswith("api/v1/")]


def test_imports_go_down_only():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_top_level_holds_what_the_design_says_and_nothing_else():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in tracked.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= {
        *("manage.py", "pyproject.toml", "README.md", "omni", "customers", "catalog", "orders", "loyalty"),
        *(
            "templates",
            "tests",
            "LICENSE",
            "CONTRIBUTING.md",
            "SECURITY.md",
            "CHANGELOG.md",
            "requirements.lock",
            "docs",
        ),
    }


@pytest.mark.parametrize(("where", "pattern"), API_ROUTES, ids=[where for where, _ in API_ROUTES])
def test_every_method_of_every_api_route_says_who_may_call_it(where, pattern):
    if pattern.name in {"schema", "api-docs"}:
        return
    view = pattern.callback.view_class
    assert issubclass(view, ApiView), f"{where} is not an ApiView"
    methods = {method.upper() for method in ("get", "post", "put", "patch", "delete") if hasattr(view, method)}
    assert methods
    assert methods == set(view.access), f"{where}: access is told for {set(view.access)}, methods are {methods}"
    assert view.idempotent <= methods


@pytest.mark.django_db
@pytest.mark.parametrize(("where", "pattern"), API_ROUTES, ids=[where for where, _ in API_ROUTES])
def test_nobody_is_let_into_an_api_route_that_is_not_public(where, pattern):
    view = getattr(pattern.callback, "view_class", None)
    if pattern.name in {"schema", "api-docs"}:
        return
    path = "/" + where.replace("<uuid:", "<").replace("<int:", "<").replace("<str:", "<").replace("<slug:", "<")
    while "<" in path:
        path = path[: path.index("<")] + "1" + path[path.index(">") + 1 :]
    for method, access in view.access.items():
        if not access.public:
            answer = APIClient().generic(method, path)
            assert answer.status_code in {401, 404}, f"{method} {path} answers {answer.status_code}"


def test_every_state_has_its_row_of_transitions_and_the_database_holds_the_same():
    from orders.models import Fulfilment, Order

    assert set(MACHINES["order"]) == {"", *Order.Status.values}
    assert set(MACHINES["fulfilment"]) == {"", *Fulfilment.Status.values}


@pytest.mark.django_db
def test_the_database_allows_the_same_steps_as_the_code():
    for machine, table in MACHINES.items():
        for before in table:
            for after in set(table) - {""}:
                allowed = fetch_all("SELECT orders_may_become(%s, %s, %s)", [machine, before, after])[0][0]
                assert allowed == (after in table[before]), f"{machine}: {before} -> {after}"


def test_every_model_of_ours_has_an_admin_page():
    missing = [
        model._meta.label
        for model in apps.get_models()
        if model._meta.app_label in OURS and not admin.site.is_registered(model)
    ]
    assert missing == []


@pytest.mark.django_db
def test_the_schema_is_served_and_valid_openapi_3_1(client):
    schema = client.get("/api/v1/schema/?format=json").json()
    assert schema["openapi"].startswith("3.1")
    validate(schema)
    assert len(schema["paths"]) > 50


@pytest.mark.django_db
def test_the_api_documentation_needs_no_internet(client):
    page = client.get("/api/v1/docs/").content.decode()
    assert "swagger" in page.lower()
    assert "cdn" not in page


def test_every_kind_that_is_heard_and_every_task_of_the_beat_exists():
    assert outbox.all_hearers()
    from omni.celery import app

    app.loader.import_default_modules()
    for entry in BEAT.values():
        assert entry["task"] in app.tasks


def catalogues() -> list[Path]:
    return sorted(ROOT.glob("**/locale/vi/LC_MESSAGES/django.po"))


def test_every_string_has_its_vietnamese():
    files = [path for path in catalogues() if ".venv" not in path.parts]
    assert files
    for path in files:
        words = polib.pofile(str(path))
        wanting = [entry.msgid for entry in words.untranslated_entries() + words.fuzzy_entries()]
        assert wanting == [], f"{path}: {wanting[:5]}"


def test_the_compiled_words_are_those_that_were_written():
    for path in catalogues():
        if ".venv" in path.parts:
            continue
        written = {e.msgid: e.msgstr for e in polib.pofile(str(path)) if not e.obsolete and not e.msgid_plural}
        compiled = {e.msgid: e.msgstr for e in polib.mofile(str(path.with_suffix(".mo"))) if not e.msgid_plural}
        assert compiled == written, path


def test_no_string_waits_to_be_collected(tmp_path):
    if shutil.which("xgettext") is None:
        pytest.skip("xgettext is not on this machine (Debian: gettext)")
    copy = tmp_path / "shop"
    for name in ("omni", "customers", "catalog", "orders", "loyalty", "templates"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", copy)
    catalogue = copy / "omni" / "locale" / "vi" / "LC_MESSAGES" / "django.po"
    before = {(e.msgctxt, e.msgid) for e in polib.pofile(str(catalogue)) if not e.obsolete}
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "-l", "vi", "--no-location", "--no-obsolete"],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    after = {(e.msgctxt, e.msgid) for e in polib.pofile(str(catalogue)) if not e.obsolete}
    assert sorted(after - before, key=str) == [], "run manage.py makemessages -l vi, and translate"
    assert sorted(before - after, key=str) == [], "nobody says these any more: run manage.py makemessages -l vi"
