"""One import of products from a file, kept as an ImportRun: what was read, taken, refused, and how far it is."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from catalog.importing import FORMATS
from catalog.importing.rows import BadFile, Parsed, Problem, Sheet
from catalog.importing.taking import Terms, take
from omni.core import money
from omni.core.db import fetch_all, write
from omni.core.errors import Conflict, Unprocessable
from omni.core.models import ImportProblem, ImportRun, Location

BATCH = 300


class ImportRunning(Conflict):
    code = "import_running"
    message = _("Another import of products is running. Wait until it is done.")


class BadRate(Unprocessable):
    code = "bad_rate"
    message = _("Say at which rate the file's currency becomes the shop's: --rate 25000.")


@dataclass(frozen=True, slots=True)
class Options:
    """`rate` is how many units of the shop's currency one unit of the file's `currency` is."""

    format: str
    currency: str | None = None
    rate: Decimal | None = None
    location: str | None = None


def import_products(
    *,
    path: Path,
    options: Options,
    by: str,
    now: datetime,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> ImportRun:
    """Import a file; killed and run again, or run twice, it ends in the same. Opens its own transactions.

    Raises BadFile, BadRate, ImportRunning, and Unprocessable `unknown_location`.
    """
    rate = _rate(options)
    location = _location(options.location)
    content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    parsed = FORMATS[options.format](Sheet(path))
    refuse_repeats(parsed)
    if not fetch_all("SELECT pg_try_advisory_lock(hashtext('catalog.import_products'))")[0][0]:
        raise ImportRunning
    try:
        run = _begin(path, content_hash, options, rate, parsed, now)
        terms = Terms(rate, location, f"{path.name[:60]} {content_hash[:12]}", by)
        return _go(run, parsed, terms, now, progress)
    finally:
        fetch_all("SELECT pg_advisory_unlock(hashtext('catalog.import_products'))")


def refuse_repeats(parsed: Parsed) -> None:
    """A SKU that stands in the file twice is taken once, as its first row says."""
    seen: set[str] = set()
    for product in parsed.products:
        for variant in list(product.variants):
            if variant.sku in seen:
                parsed.problems.append(Problem(variant.row, "SKU", "sku_twice", variant.sku))
                product.variants.remove(variant)
                product.rows.remove(variant.row)
            seen.add(variant.sku)


def _go(run: ImportRun, parsed: Parsed, terms: Terms, now: datetime, progress: Callable[[int, int], None]) -> ImportRun:
    counts: Counter[str] = Counter()
    problems = list(parsed.problems)
    done = len({problem.row for problem in problems if problem.refused})
    for start in range(0, len(parsed.products), BATCH):
        batch = parsed.products[start : start + BATCH]
        taken = take(batch, terms, now)
        counts.update(taken.counts)
        problems += taken.problems
        done += sum(len(product.rows) for product in batch)
        ImportRun.objects.filter(pk=run.pk).update(rows_done=done)
        progress(done, parsed.rows)
    refused = len({problem.row for problem in problems if problem.refused})
    with write():
        ImportProblem.objects.filter(run=run).delete()
        unique = {(problem.row, problem.column, problem.code): problem for problem in problems}
        ImportProblem.objects.bulk_create(
            [
                ImportProblem(run=run, row=row, column=column, code=code, value=problem.value, refused=problem.refused)
                for (row, column, code), problem in sorted(unique.items())
            ]
        )
        run.state = ImportRun.State.DONE
        run.step = ""
        run.rows_done = parsed.rows
        run.rows_refused = refused
        run.rows_taken = parsed.rows - refused
        run.result = {**counts, "remarks": sum(1 for problem in unique.values() if not problem.refused)}
        run.ended_at = now
        run.save()
    return run


def _begin(path: Path, content_hash: str, options: Options, rate: Decimal, parsed: Parsed, now: datetime) -> ImportRun:
    """The run of this file: one that was killed goes on as itself."""
    told = {"rate": str(rate), "currency": options.currency or "", "location": options.location or ""}
    kind = f"products {options.format}"
    run = (
        ImportRun.objects.filter(kind=kind, file_hash=content_hash, options=told)
        .exclude(state=ImportRun.State.DONE)
        .first()
    ) or ImportRun(kind=kind, file_hash=content_hash, options=told, started_at=now)
    run.file_name = path.name[:300]
    run.state = ImportRun.State.RUNNING
    run.step = "products"
    run.rows_total, run.rows_done = parsed.rows, 0
    run.save()
    return run


def _rate(options: Options) -> Decimal:
    currency = options.currency or settings.DEFAULT_CURRENCY
    if currency not in money.CURRENCIES or options.format not in FORMATS:
        raise BadFile(details={"currency": currency, "format": options.format})
    if options.rate is None:
        if currency != settings.DEFAULT_CURRENCY:
            raise BadRate
        return Decimal(1)
    if not options.rate.is_finite() or options.rate <= 0:
        raise BadRate
    return options.rate


def _location(code: str | None) -> Location | None:
    if code is None:
        return None
    found = Location.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Location.objects.values_list("code", flat=True)) or "-"
        raise Unprocessable(_("There is no such location."), code="unknown_location", details={"known": known})
    return found
