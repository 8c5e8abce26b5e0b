"""`manage.py benchmark`: how quick the shop is, beside hand-written SQL that does the same."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from omni.core.benchmark import all_benchmarks, measure


class Command(BaseCommand):
    help = "Measure what the shop does against hand-written SQL, in a database of its own that is dropped again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="", help="only those with this in their name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = [benchmark for benchmark in all_benchmarks() if options["name"].lower() in benchmark.name.lower()]
        if not wanted:
            known = ", ".join(benchmark.name for benchmark in all_benchmarks())
            raise CommandError(f"There is no benchmark {options['name']!r}. Benchmarks: {known}.")
        rows = []
        for benchmark in wanted:
            row = measure(benchmark)
            rows.append(asdict(row))
            if not options["json"]:
                reached = self.style.SUCCESS("reached") if row.ratio >= row.goal else self.style.WARNING("missed")
                self.stdout.write(f"{row.name}: {row.value:,.1f} {row.unit}")
                self.stdout.write(f"    {row.reference}: {row.reference_value:,.1f} {row.unit}")
                self.stdout.write(f"    {row.ratio:.3f} of it; goal {row.goal:.2f}, {reached}; {row.n} rounds")
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows}, ensure_ascii=False))
