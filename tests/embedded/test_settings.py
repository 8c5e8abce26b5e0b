"""Production refuses unsafe values and names each; .env.example explains every variable that the settings read."""

import os
import re
import subprocess
import sys

import pytest

from tests.embedded.machine import ROOT

SAFE = {
    "OMNI_MODE": "production",
    "SECRET_KEY": "s" * 64,
    "CODE_KEY": "c" * 40,
    "ALLOWED_HOSTS": "shop.example.com",
    "DATABASE_URL": "postgres://omni@127.0.0.1:1/omni",
    "CELERY_BROKER_URL": "amqp://mq.example.com//",
    "PUBLIC_URL": "https://shop.example.com",
    "EMAIL_HOST": "smtp.example.com",
    "DEBUG": "false",
}


def check(changes: dict[str, str | None]) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` in an environment that has the safe values with these changes."""
    told = {name: value for name, value in (SAFE | changes).items() if value is not None}
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "ERROR"],
        cwd=ROOT,
        env=kept | told,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_starts_with_safe_values(tmp_path):
    done = check({"OMNI_DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists(), "production makes no secrets of its own"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"CODE_KEY": None}, "CODE_KEY"),
        ({"CODE_KEY": "s" * 64}, "CODE_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "shop.example.com,*"}, "ALLOWED_HOSTS"),
        ({"DATABASE_URL": None}, "DATABASE_URL"),
        ({"CELERY_BROKER_URL": None}, "CELERY_BROKER_URL"),
        ({"PUBLIC_URL": "http://shop.example.com"}, "PUBLIC_URL"),
        ({"EMAIL_HOST": None}, "EMAIL_HOST"),
    ],
)
def test_production_refuses_an_unsafe_value_and_names_it_alone(changes, named):
    done = check(changes)
    assert done.returncode == 1
    assert "Unsafe for production" in done.stderr
    refused = re.findall(r"^- (\w+)", done.stderr, re.MULTILINE)
    assert named in refused
    assert set(refused) <= {named, "CODE_KEY"}
    assert "Traceback" not in done.stderr


def test_production_names_everything_that_is_unsafe_at_once():
    done = check(dict.fromkeys(SAFE) | {"OMNI_MODE": "production"})
    refused = re.findall(r"^- (\w+)", done.stderr, re.MULTILINE)
    assert {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_HOST"} <= set(refused)


def test_an_unknown_mode_is_refused():
    done = check({"OMNI_MODE": "prod"})
    assert done.returncode == 1
    assert "OMNI_MODE" in done.stderr


def test_the_example_explains_every_variable_and_no_other():
    source = (ROOT / "omni" / "settings.py").read_text()
    read = set(re.findall(r"""\benv(?:\.\w+)?\(\s*[\"']([A-Z_]+)[\"']""", source))
    explained = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == explained
