"""`manage.py advance_clock 31d`: move the running shop's business clock ahead, for demos and tests."""

import re
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from omni.core import clock

UNITS = {"d": "days", "h": "hours", "m": "minutes"}
FARTHEST = timedelta(days=3660)
# Every process reads the clock's offset again after half a second.
SETTLE_SECONDS = 0.6


class Command(BaseCommand):
    """After it returned, every process of the shop sees the new time."""

    help = "Moves the business clock ahead: 31d, 12h, 45m or together, 1d12h. Demo and test settings only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("by", help="how far: days, hours, minutes, as in 31d, 12h, 45m, 1d12h")

    def handle(self, *args: Any, **options: Any) -> None:
        by = parse(options["by"])
        try:
            now = clock.advance(by=by)
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        time.sleep(SETTLE_SECONDS)
        self.stdout.write(f"{now.isoformat(timespec='seconds')}")


def parse(text: str) -> timedelta:
    """31d, 12h, 45m, 1d12h. CommandError for anything else, for nothing and for more than ten years."""
    if not re.fullmatch(r"(\d{1,6}[dhm])+", text):
        raise CommandError(f"{text!r} is no length of time. Write days, hours or minutes: 31d, 12h, 45m.")
    by = timedelta()
    for number, unit in re.findall(r"(\d+)([dhm])", text):
        by += timedelta(**{UNITS[unit]: int(number)})
    if not timedelta() < by <= FARTHEST:
        raise CommandError("The clock moves ahead, by more than nothing and by ten years at most.")
    return by
