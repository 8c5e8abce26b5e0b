"""`manage.py create_channel_key CODE [--location CODE]`: print a new key of a channel, and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from omni.core import clock
from omni.core.keys import issue_channel_key
from omni.core.models import Channel, Location


class Command(BaseCommand):
    help = "Print a new key of a channel; it is shown once and kept as a fingerprint only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the channel's code")
        parser.add_argument("--location", help="the code of the store where this till stands")
        parser.add_argument("--right", action="append", help="a right beyond the usual ones of its kind")

    def handle(self, *args: Any, **options: Any) -> None:
        channel = Channel.objects.filter(code=options["code"]).first()
        if channel is None:
            known = ", ".join(Channel.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"There is no channel {options['code']!r}. Channels: {known}.")
        location = None
        if options["location"]:
            location = Location.objects.filter(code=options["location"]).first()
            if location is None:
                known = ", ".join(Location.objects.values_list("code", flat=True)) or "none yet"
                raise CommandError(f"There is no location {options['location']!r}. Locations: {known}.")
        key = issue_channel_key(channel=channel, location=location, rights=options["right"], now=clock.now())
        self.stdout.write(key)
