"""`manage.py import_sales FILE --format online-retail|csv --channel CODE [--json]`."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from omni.core import clock
from omni.core.errors import DomainError
from omni.core.models import Channel, ImportProblem, ImportRun
from omni.core.money import show
from orders.history.formats import FORMATS
from orders.history.importing import KIND, import_sales
from orders.history.result import Result

LISTED = 20


class Command(BaseCommand):
    help = (
        "Take over the sales of another system: orders, returns, customers and variants, as they were. Moves no"
        " stock, points or channels. Cut off, it goes on where it was; run again, it writes nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV file, plain or gzipped")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS), help="what its lines look like")
        parser.add_argument("--channel", required=True, help="the code of the channel that sold")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        channel = Channel.objects.filter(code=options["channel"]).first()
        if channel is None:
            known = ", ".join(Channel.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"There is no channel {options['channel']!r}. Channels: {known}.")
        try:
            with _Bar() as bar:
                result = import_sales(
                    path=options["file"], form=options["format"], channel=channel, now=clock.now(), tell=bar.tell
                )
        except DomainError as error:
            details = f" {json.dumps(error.details, ensure_ascii=False)}" if error.details else ""
            raise CommandError(f"{error.message}{details}") from error
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(result.as_dict(), ensure_ascii=False))
        else:
            self._tell(result)

    def _tell(self, result: Result) -> None:
        self.stdout.write(
            f"{result.lines_read:,} lines read: {result.lines_taken:,} taken, {result.lines_refused:,} refused,"
            f" in {result.seconds:.1f} s."
        )
        for name, amount in result.by_kind.items():
            money = show(amount, result.currency, "en")
            self.stdout.write(f"  {name:20}{result.lines_by_kind[name]:>10,} lines {money:>18}")
        total = show(result.amount_minor, result.currency, "en")
        self.stdout.write(f"  {'together':20}{result.lines_read:>10,} lines {total:>18}")
        if result.returns_without_sale:
            self.stdout.write(
                f"{result.returns_without_sale:,} returned lines have no sale in the books: kept, and listed as"
                " exceptions (sale_not_found)."
            )
        if result.lines_refused:
            self._tell_refused(result)

    def _tell_refused(self, result: Result) -> None:
        for code, lines in result.refused.items():
            self.stdout.write(f"refused, {code}: {lines:,}")
        run = ImportRun.objects.filter(kind=KIND).latest("pk")
        for problem in ImportProblem.objects.filter(run=run, refused=True).order_by("row")[:LISTED]:
            self.stdout.write(f"  row {problem.row}, {problem.column or 'line'}: {problem.code} {problem.value!r}")
        if result.lines_refused > LISTED:
            self.stdout.write(f"  ... all of them are listed in the admin, under import {run.pk}")


class _Bar:
    """A bar for each step on the terminal's error stream; nothing where that is no terminal."""

    def __init__(self) -> None:
        console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description:10}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._progress.stop()

    def tell(self, step: str, done: int, of: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=of)
        self._progress.update(self._tasks[step], completed=done, total=of)
