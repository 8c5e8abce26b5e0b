"""`manage.py audit`: look whether every rule holds over the whole database."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from omni.core.audit import all_checks


class Command(BaseCommand):
    help = "Check every invariant over the whole database, read only; exits 1 where one fails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        results: list[dict[str, Any]] = []
        with transaction.atomic():
            # One snapshot for all checks, so that a running shop cannot look inconsistent between two of them.
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for check in all_checks():
                began = time.perf_counter()
                finding = check.look()
                seconds = round(time.perf_counter() - began, 3)
                results.append({"check": check.name, "rows": finding.rows, "wrong": finding.wrong, "seconds": seconds})
                if not options["json"]:
                    mark = self.style.ERROR("FAILED") if finding.wrong else self.style.SUCCESS("ok")
                    self.stdout.write(f"{mark:6} {check.name}: {finding.rows:,} rows, {seconds:.2f} s")
                    for wrong in finding.wrong:
                        self.stdout.write(f"       - {wrong}")
        failed = sum(1 for result in results if result["wrong"])
        if options["json"]:
            self.stdout.write(json.dumps({"clean": failed == 0, "checks": results}, ensure_ascii=False))
        else:
            rows = sum(result["rows"] for result in results)
            self.stdout.write(f"{len(results)} checks over {rows:,} rows, {failed} failed.")
        if failed:
            raise SystemExit(1)
