"""Reads a file in a stream and copies its lines into the staging table, in memory that does not grow with it."""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from django.db import connection
from django.utils.translation import gettext_lazy as _

from omni.core.db import execute, write
from omni.core.errors import Unprocessable
from omni.core.models import ImportProblem, ImportRun
from orders.history.formats import Format
from orders.history.lines import LONGEST_CODE, LONGEST_NAME, REFUSED, Columns, Line, Refused

BLOCK = 50_000
_GZIP_SIGN = b"\x1f\x8b"
_COPY = (
    "COPY orders_historyrow (run_id, doc, position, row, kind, document, sku, name, quantity, unit_price, amount,"
    " customer, country, happened_at) FROM STDIN"
)

# Bytes of the file gone through, and how many there are.
Tell = Callable[[int, int], None]
Item = TypeVar("Item")


class MissingColumns(Unprocessable):
    """422 `missing_columns`: the heading lacks columns of the format; `details.columns` names them."""

    code = "missing_columns"
    message = _("The file lacks columns that this format has. Look whether it is the right file and format.")


class DamagedFile(Unprocessable):
    """422 `damaged_file`: a gzip that ends too early or is no gzip behind its first bytes."""

    code = "damaged_file"
    message = _("The file is damaged and cannot be read to its end. Fetch it again.")


def hash_of(path: Path) -> str:
    """SHA-256 of the file as it lies there."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stage(*, run: ImportRun, path: Path, form: Format, tell: Tell) -> str:
    """Copy the whole file into the staging table, in blocks of a transaction each, and return its currency.

    What another run left there is thrown away: one file waits at a time. Every line becomes a row, a refused
    one too, with its problem. `run.rows_total` follows. Raises MissingColumns, DamagedFile.
    """
    with write():
        execute("TRUNCATE orders_historyrow")
        ImportProblem.objects.filter(run=run).delete()
    desk = _Desk(run.pk)
    size = max(path.stat().st_size, 1)
    run.rows_total = 0
    with path.open("rb") as raw, _damage_told():
        for records in _blocks(_records(raw, form), BLOCK):
            with write():
                with connection.cursor() as cursor, cast(Any, cursor).copy(_COPY) as copy:
                    for row, values in records:
                        copy.write_row(desk.take(row, values, form))
                ImportProblem.objects.bulk_create(desk.problems, batch_size=2000)
                run.rows_total += len(records)
                run.save(update_fields=["rows_total"])
            desk.problems.clear()
            tell(raw.tell(), size)
    execute("ANALYZE orders_historyrow")
    return desk.currency


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedFile from error


def _records(raw: BinaryIO, form: Format) -> Iterator[tuple[int, list[str] | Refused]]:
    """Each record below the heading as (row as a spreadsheet counts, values in the format's order)."""
    packed = raw.read(2) == _GZIP_SIGN
    raw.seek(0)
    stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    # A NUL cannot be stored; like bytes that are no UTF-8 it is kept as the sign for what could not be read.
    reader = csv.reader(line.replace("\0", "\ufffd") for line in text)
    heading = [name.strip() for name in next(reader, [])]
    missing = [name for name in form.columns if name not in heading]
    if missing:
        raise MissingColumns(details={"columns": missing, "found": heading[:50]})
    order = [heading.index(name) for name in form.columns]
    row = 1
    while True:
        row += 1
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield row, Refused("", "unreadable", str(error))
            continue
        if len(record) == len(heading):
            yield row, [record[index] for index in order]
        elif record:
            yield row, Refused("", "wrong_column_count", str(len(record)))
    # Closing the wrapper would close the caller's file under it.
    text.detach()


def _blocks(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    block: list[Item] = []
    for item in items:
        block.append(item)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block


@dataclass(slots=True)
class _Document:
    number: int
    customer: str
    lines: int = 0


@dataclass(slots=True)
class _Desk:
    """Gives each line its document and position, and refuses what contradicts the lines before it."""

    run: int
    currency: str = ""
    documents: dict[str, _Document] = field(default_factory=dict)
    problems: list[ImportProblem] = field(default_factory=list)

    def take(self, row: int, values: "list[str] | Refused", form: Format) -> tuple[Any, ...]:
        try:
            if isinstance(values, Refused):
                raise values
            line = form.read(values)
            document = self._document(line, form.names)
        except Refused as refused:
            self._note(row, refused.column, refused.code, refused.value)
            return (self.run, 0, row, row, REFUSED, "", "", "", 0, 0, refused.amount, "", "", None)
        document.lines += 1
        name, customer, country = line.name, line.customer, line.country
        if len(name) > LONGEST_NAME:
            self._note(row, form.names.name, "shortened", name, refused=False)
            name = name[:LONGEST_NAME]
        return (
            self.run,
            document.number,
            document.lines,
            row,
            line.kind,
            line.document,
            line.sku,
            name,
            line.quantity,
            line.unit_price,
            line.amount,
            customer,
            country[:LONGEST_CODE],
            line.happened_at,
        )

    def _document(self, line: Line, names: Columns) -> _Document:
        self.currency = self.currency or line.currency
        if line.currency != self.currency:
            # Another currency's units cannot stand in the file's one sum.
            raise Refused("currency", "other_currency", line.currency)
        known = self.documents.get(line.document)
        if known is None:
            known = self.documents[line.document] = _Document(len(self.documents) + 1, line.customer)
        elif known.customer != line.customer:
            raise Refused(names.customer, "other_customer", line.customer, line.amount)
        return known

    def _note(self, row: int, column: str, code: str, value: str, *, refused: bool = True) -> None:
        self.problems.append(
            ImportProblem(run_id=self.run, row=row, column=column, code=code, value=value[:300], refused=refused)
        )
