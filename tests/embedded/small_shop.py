"""`manage.py demo` with a shop of one channel and a neighbour that does nothing, so that it opens in a moment.

Run as a program. Its addresses tell which database session answered and what the channel is called, and wake
the worker; its one sweep, due once a day, counts.
"""

import os
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PEER = """
import json, sys
print(json.dumps({"http_port": 1, "smtp_port": 2}), flush=True)
sys.stdin.read()
"""


def seed(*, progress: Callable[[str], None]) -> dict[str, str]:
    from omni.core.models import Channel

    Channel.objects.create(code="web", name="Web", kind="web")
    progress("one channel")
    time.sleep(float(os.environ.get("SEEDING_SECONDS", "0")))
    return {"lan": "one-time-password"}


def add_addresses_and_tasks() -> None:
    from celery import current_app, shared_task
    from django.db import connection
    from django.db.models import F
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    from omni import urls
    from omni.core.models import Channel

    @shared_task(name="tests.mark")
    def mark(name: str) -> None:
        Channel.objects.filter(code="web").update(name=name)

    @shared_task(name="tests.sweep")
    def sweep() -> None:
        Channel.objects.filter(code="web").update(trust=F("trust") + 1)

    current_app.conf.beat_schedule = {"daily": {"task": "tests.sweep", "schedule": 86400.0}}

    def session(request: HttpRequest) -> HttpResponse:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() FROM pg_sleep(0.02)")
            return HttpResponse(str(cursor.fetchone()[0]))

    def wake(request: HttpRequest) -> HttpResponse:
        mark.delay("woken")
        return HttpResponse("")

    def name(request: HttpRequest) -> HttpResponse:
        return HttpResponse(Channel.objects.get(code="web").name)

    urls.urlpatterns += [path("session/", session), path("wake/", wake), path("name/", name)]


def main() -> None:
    sys.path.insert(0, str(ROOT))
    stand_in: Any = types.ModuleType("omni.embedded.seed")
    stand_in.seed = seed
    stand_in.connect_channels = lambda **ports: None
    sys.modules["omni.embedded.seed"] = stand_in

    os.environ["DJANGO_SETTINGS_MODULE"] = "omni.settings"
    import django

    django.setup()
    from omni.embedded import command_line, shop

    shop.PEER_COMMAND = [sys.executable, "-c", PEER]
    add_addresses_and_tasks()
    command_line.main(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
