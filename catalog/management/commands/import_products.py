"""`manage.py import_products FILE --format shopify|csv [--currency USD --rate 25000 --location CODE]`."""

import sys
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from catalog.importing import FORMATS
from catalog.importing.run import Options, import_products
from omni.core import clock
from omni.core.errors import DomainError
from omni.core.models import ImportRun

SHOWN = 50


class Command(BaseCommand):
    help = "Import products with prices and stock from a file; safe to run again, also after being killed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--currency", help="the file's currency, if it is not the shop's")
        parser.add_argument("--rate", help="units of the shop's currency for one of the file's, such as 25000")
        parser.add_argument("--location", help="the code of the location where the file's quantities lie")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            rate = Decimal(options["rate"]) if options["rate"] else None
        except InvalidOperation as error:
            raise CommandError(f"--rate {options['rate']!r} is not a number.") from error
        told = Options(options["format"], options["currency"], rate, options["location"])
        try:
            with _bar() as bar:
                task = bar.add_task(path.name, total=None)
                run = import_products(
                    path=path,
                    options=told,
                    by="command:import_products",
                    now=clock.now(),
                    progress=lambda done, of: bar.update(task, completed=done, total=of),
                )
        except DomainError as error:
            raise CommandError(f"{error} {error.details or ''}".strip()) from error
        self._tell(run)

    def _tell(self, run: ImportRun) -> None:
        problems = run.problems.order_by("row", "column")
        for problem in problems[:SHOWN]:
            word = "refused" if problem.refused else "remark"
            value = f" ({problem.value})" if problem.value else ""
            self.stdout.write(f"{word}: row {problem.row}, {problem.column or 'row'}: {problem.code}{value}")
        more = problems.count() - SHOWN
        if more > 0:
            self.stdout.write(f"and {more} more: see import {run.pk} in the admin.")
        done = run.result
        self.stdout.write(
            f"Took {run.rows_taken} of {run.rows_total} rows: products {done.get('products_new', 0)} new,"
            f" {done.get('products_changed', 0)} changed; variants {done.get('variants_new', 0)} new,"
            f" {done.get('variants_changed', 0)} changed; prices set {done.get('prices_set', 0)};"
            f" stock set {done.get('stock_set', 0)}. Refused {run.rows_refused}, remarks {done['remarks']}."
        )


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
