"""`manage.py demo`: the whole shop with one command."""

import os
import signal
import sys
import threading
from argparse import SUPPRESS, ArgumentParser
from contextlib import suppress
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from omni.embedded import postgres
from omni.embedded.headless import running_shop
from omni.embedded.progress import Progress
from omni.embedded.shop import OpenShop, Shop, open_shop, reset

PLACES = (("Desk", "/admin/"), ("Reports", "/reports/"), ("API", "/api/v1/docs/"))


class Command(BaseCommand):
    """Opens the shop until Ctrl-C; with --check, walks the story through a shop of its own."""

    help = "Opens the whole shop on this machine: database, web, worker, timer, and shops to push to."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where to listen; 0 takes any free port")
        parser.add_argument("--reset", action="store_true", help="remove the shop of the data folder first")
        parser.add_argument("--check", action="store_true", help="walk the story through a shop of its own, and end")
        parser.add_argument("--headless", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["port"] <= 65535:
            raise CommandError("--port takes a number from 0 to 65535.")
        if settings.PRODUCTION or not settings.EMBEDDED_DATABASE:
            raise CommandError(
                "The demo brings its own database. Unset DATABASE_URL and OMNI_MODE, in .env too, to open it."
            )
        if not settings.CELERY_BROKER_URL.startswith("memory:"):
            raise CommandError("The demo brings its own broker. Unset CELERY_BROKER_URL, in .env too, to open it.")
        try:
            if options["check"]:
                self._check()
            else:
                self._open(**options)
        except postgres.EmbeddedError as error:
            raise CommandError(str(error)) from error

    def _check(self) -> None:
        from omni.embedded.story import run

        with running_shop(settings.DATA_DIR, show_progress=True) as shop:
            passed = run(shop)
        if passed is False:
            sys.exit(1)

    def _open(self, *, port: int, headless: bool, **options: Any) -> None:
        stop = _stop_on_signals()
        progress = Progress(sys.stderr if headless else sys.stdout)
        try:
            if options["reset"]:
                with progress.step(_("Remove the shop that was")):
                    reset(settings.DATA_DIR)
            with open_shop(port=port, progress=progress) as opened:
                if headless:
                    self.stdout.write(opened.shop.as_json())
                    self.stdout.flush()
                    threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
                else:
                    _announce(progress, opened.shop, port)
                with suppress(_Stop):
                    _wait(opened, stop)
                progress.say(_("Closing the shop."))
        except _Stop:
            # Before it was open.
            pass
        progress.say(_("Closed."))


class _Stop(KeyboardInterrupt):
    """The first Ctrl-C or SIGTERM."""


def _stop_on_signals() -> threading.Event:
    """The first signal closes the shop properly, the second ends it at once."""
    stop = threading.Event()
    asked: list[int] = []

    def on_signal(signum: int, frame: FrameType | None) -> None:
        if asked:
            postgres.stop_now(settings.DATA_DIR)
            os._exit(128 + signum)
        asked.append(signum)
        raise _Stop

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    # Somebody who started us with nohup wants us to stay when the terminal goes.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, on_signal)
    return stop


def _stop_at_end_of_input(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def _wait(opened: OpenShop, stop: threading.Event) -> None:
    while not stop.wait(1):
        opened.check()


def _announce(progress: Progress, shop: Shop, wanted: int) -> None:
    taken = int(shop.url.rsplit(":", 1)[1])
    if wanted not in {0, taken}:
        progress.say(_("Port %(wanted)s is taken; the shop is on port %(taken)s.") % {"wanted": wanted, "taken": taken})
    progress.say()
    progress.say(_("The shop is open:"))
    for name, path in PLACES:
        progress.say(f"  {name:<16} {shop.url}{path}")
    progress.say(f"  {_('Shops next door'):<16} {shop.peer_url}/")
    progress.say()
    if shop.passwords:
        progress.say(_("Sign in with one of these passwords. They are shown this once:"))
        for user, password in shop.passwords.items():
            progress.say(f"  {user:<16} {password}")
    else:
        progress.say(_("Passwords were shown at the first start. A new one: manage.py changepassword NAME"))
    progress.say()
    progress.say(_("The data is in %s. Ctrl-C closes the shop.") % shop.data_dir)
