"""`manage.py channel_status`: how far each channel is behind and what is wrong with it."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext_lazy as _
from rich.console import Console
from rich.table import Table

from omni.channels.queries import channel_statuses
from omni.core import clock


class Command(BaseCommand):
    help = _("Prints the stage, backlog, lateness, errors and drift of each channel.")  # type: ignore[assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        table = Table()
        for column in (
            _("Channel"),
            _("Stage"),
            _("Waiting"),
            _("Oldest (s)"),
            _("Given up"),
            _("Drift"),
            _("Orders waiting"),
            _("Last error"),
        ):
            table.add_column(str(column))
        for status in channel_statuses(now=clock.now()):
            table.add_row(
                status.code,
                status.stage,
                str(status.backlog),
                f"{status.oldest_undelivered_seconds:.0f}",
                str(status.dead),
                str(status.drift),
                str(status.orders_waiting),
                status.last_error,
            )
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]
