"""With safe values the shop starts in production mode, and serves its pages, its files and its API."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from omni.core.db import database_url
from tests.queue.processes import ROOT


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("production")
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | {
        "OMNI_MODE": "production",
        "OMNI_DATA_DIR": str(folder / "data"),
        "STATIC_ROOT": str(folder / "static"),
        "SECRET_KEY": "0123456789abcdefghij" * 3,
        "CODE_KEY": "another-0123456789abcdefghij-key",
        "ALLOWED_HOSTS": "shop.example.com",
        "DATABASE_URL": database_url(),
        # Nobody is there: only a wake-up would miss it.
        "CELERY_BROKER_URL": "amqp://127.0.0.1:1//",
        "PUBLIC_URL": "https://shop.example.com",
        "EMAIL_HOST": "smtp.example.com",
        "BEHIND_PROXY": "true",
        "DEBUG": "false",
    }


def manage(environment: dict[str, str], *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *argv], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def shop(environment: dict[str, str]) -> Iterator[httpx.Client]:
    manage(environment, "collectstatic", "--noinput")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    granian = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1"]
    web = subprocess.Popen(
        [*granian, "--port", str(port), "--workers", "1", "--blocking-threads", "2", "omni.wsgi:application"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    # What the balancer in front says.
    headers = {"Host": "shop.example.com", "X-Forwarded-Proto": "https", "Accept-Language": "en"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=20) as client:
            give_up = time.monotonic() + 30
            while time.monotonic() < give_up:
                try:
                    client.get("/")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield client
    finally:
        web.terminate()
        web.wait(timeout=20)


def test_production_opens_with_safe_values(shop: httpx.Client, environment: dict[str, str]):
    page = shop.get("/admin/login/")
    assert page.status_code == 200
    assert "Secure" in page.headers["set-cookie"]
    assert page.headers["strict-transport-security"]
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    assert len(files) > 5
    for file in files:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", file), f"{file} may be kept for ever"
        answer = shop.get(file)
        assert answer.status_code == 200, file
        assert "immutable" in answer.headers["cache-control"]
    refused = shop.get("/api/v1/variants")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "unauthenticated")
    assert shop.get("/api/v1/schema/").status_code == 200


def test_production_speaks_https_only_and_to_its_own_name(shop: httpx.Client):
    plain = shop.get("/admin/login/", headers={"X-Forwarded-Proto": "http"})
    assert plain.status_code == 301
    assert plain.headers["location"] == "https://shop.example.com/admin/login/"
    assert shop.get("/admin/login/", headers={"Host": "evil.example"}).status_code == 400


def test_djangos_own_check_for_production_finds_nothing(environment: dict[str, str]):
    assert "security.W" not in manage(environment, "check", "--deploy")
