"""Takes a file of another system's sales in, from wherever an earlier try was cut off."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from omni.core.db import execute, fetch_all, write
from omni.core.errors import Conflict, Unprocessable
from omni.core.models import Channel, ImportRun
from orders.history import masters, returns, sales, staging
from orders.history.formats import FORMATS
from orders.history.result import Result, count
from orders.history.sales import Books

KIND = "sales"
# Any number, the same for every import of history: its staging table holds one file at a time.
_LOCK = 7_402_188_311
# A killed import's server process may still be at its last statement.
_LOCK_PATIENCE_SECONDS = 20.0

# What it is at, and how far that is: done of all.
Tell = Callable[[str, int, int], None]


class ImportRunning(Conflict):
    """409 `import_running`: another import of history is at work."""

    code = "import_running"
    message = _("Another import of sales is running. Wait until it is done, then start this one.")


class UnknownFormat(Unprocessable):
    """422 `unknown_format`."""

    code = "unknown_format"
    message = _("There is no such format.")


def import_sales(*, path: Path, form: str, channel: Channel, now: datetime, tell: Tell | None = None) -> Result:
    """Write down every line of a file of past sales under a channel, and return how lines and money divide.

    Each chunk is one transaction that also says how far it came; a run that was cut off is taken up there by
    the next call with the same file, format and channel. What is here already is not written twice. It moves no
    stock, points, coupons or channels. Must not be called inside a transaction. Raises UnknownFormat,
    ImportRunning, staging.MissingColumns, staging.DamagedFile, OSError.
    """
    if form not in FORMATS:
        raise UnknownFormat(details={"format": form, "formats": sorted(FORMATS)})
    tell = tell or _say_nothing
    began = time.monotonic()
    with _alone():
        run = _begin(path, form, channel, now)
        try:
            result = _run(run, path, form, channel, now, tell)
            result = replace(result, seconds=round(time.monotonic() - began, 2))
            _end(run, result, now)
        except Exception:
            ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.FAILED)
            raise
    return result


def _run(run: ImportRun, path: Path, form: str, channel: Channel, now: datetime, tell: Tell) -> Result:
    if not _staged(run):
        _at(run, "reading", state=ImportRun.State.STAGING, rows_done=0, result={})
        currency = staging.stage(
            run=run, path=path, form=FORMATS[form], tell=lambda done, size: tell("reading", done, size)
        )
        currency = currency or settings.DEFAULT_CURRENCY
        run.result = {"currency": currency, "next": 1}
    _at(run, "variants", state=ImportRun.State.RUNNING)
    names = FORMATS[form].names
    books = Books(run=run, channel=channel, currency=run.result["currency"], column=names.document)
    for step, made in (
        ("variants", masters.make_variants(run=run, now=now)),
        ("customers", masters.make_customers(run=run, channel=channel, now=now)),
    ):
        for done, of in made:
            tell(step, done, of)
    for step, chunk, grown in (
        ("orders", _order_chunks, "orders_order, orders_orderline, orders_payment"),
        ("returns", _return_chunks, "orders_return, orders_returnline"),
    ):
        for work in chunk(books):
            with write():
                work()
                _at(run, step)
            tell(step, run.rows_done, run.rows_total)
        # The planner still believes these tables to be as small as they were, and would loop where it should hash.
        execute(f"ANALYZE {grown}")
    tell("counting", run.rows_total, run.rows_total)
    return count(run=run, channel=channel.pk, currency=books.currency)


def _order_chunks(books: Books) -> Iterator[Callable[[], None]]:
    """The ranges of documents still to be written; `next` in the run's result says from where."""
    run = books.run
    last = int(fetch_all("SELECT coalesce(max(doc), 0) FROM orders_historyrow WHERE run_id = %s", [run.pk])[0][0])
    for first in range(run.result["next"], last + 1, sales.DOCUMENTS):

        def work(first: int = first) -> None:
            until = first + sales.DOCUMENTS - 1
            sales.write_sales(books=books, first=first, last=until)
            run.result["next"] = until + 1
            run.rows_done += _lines(run, first, until)

        yield work


def _return_chunks(books: Books) -> Iterator[Callable[[], None]]:
    """Groups of return documents; those that an earlier try wrote are found here and left alone."""
    run = books.run
    # Lines of no document were refused while reading; they are gone through.
    run.rows_done = _lines(run, 0, 2**31 - 1)
    for docs, lines in returns.chunks(run.pk):

        def work(docs: list[int] = docs, lines: int = lines) -> None:
            returns.write_returns(books=books, docs=docs)
            run.rows_done += lines

        yield work


def _lines(run: ImportRun, first: int, last: int) -> int:
    sql = "SELECT count(*) FROM orders_historyrow WHERE run_id = %s AND doc BETWEEN %s AND %s AND kind <> 'return'"
    return int(fetch_all(sql, [run.pk, first, last])[0][0])


def _begin(path: Path, form: str, channel: Channel, now: datetime) -> ImportRun:
    """The run of this file that was cut off, or a new one."""
    what: dict[str, Any] = {
        "kind": KIND,
        "file_hash": staging.hash_of(path),
        "options": {"format": form, "channel": channel.code},
    }
    cut_off = ImportRun.objects.filter(**what).exclude(state=ImportRun.State.DONE).order_by("-pk").first()
    return cut_off or ImportRun.objects.create(**what, file_name=path.name, started_at=now)


def _staged(run: ImportRun) -> bool:
    """Whether all lines of the file wait in the staging table: a crash of the server or another import empties it."""
    if "next" not in run.result:
        return False
    there = fetch_all("SELECT count(*) FROM orders_historyrow WHERE run_id = %s", [run.pk])[0][0]
    return bool(there == run.rows_total)


def _at(run: ImportRun, step: str, **fields: Any) -> None:
    run.step = step
    for name, value in fields.items():
        setattr(run, name, value)
    run.save(update_fields=["step", "rows_done", "result", *fields])


def _end(run: ImportRun, result: Result, now: datetime) -> None:
    with write():
        execute("TRUNCATE orders_historyrow")
        _at(
            run,
            "done",
            state=ImportRun.State.DONE,
            ended_at=now + timedelta(seconds=result.seconds),
            rows_done=run.rows_total,
            rows_taken=result.lines_taken,
            rows_refused=result.lines_refused,
            result=result.as_dict(),
        )


@contextmanager
def _alone() -> Iterator[None]:
    """One import of history at a time, over all processes; the lock ends with the connection."""
    until = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while not fetch_all("SELECT pg_try_advisory_lock(%s)", [_LOCK])[0][0]:
        if time.monotonic() > until:
            raise ImportRunning
        time.sleep(0.2)
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed:
            execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _say_nothing(step: str, done: int, of: int) -> None:
    return
