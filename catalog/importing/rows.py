"""What every format is read into, and the cells that all of them share."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from omni.core.errors import Unprocessable
from omni.core.text import fold

# Amounts beyond this are a slip of the keyboard and would not fit their column.
MOST = Decimal(10) ** 12


class BadFile(Unprocessable):
    code = "bad_file"
    message = _("This file cannot be read as told. Check its format, its columns and that it is UTF-8.")


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was not taken, or was taken with a remark (`refused` False)."""

    row: int
    column: str
    code: str
    value: str = ""
    refused: bool = True


@dataclass(slots=True)
class VariantRow:
    """One SKU as the file tells it; amounts in the file's currency, not yet rounded."""

    row: int
    sku: str
    options: dict[str, str]
    price: Decimal
    compare_at: Decimal | None = None
    gtin: str = ""
    weight_grams: int | None = None
    quantity: int | None = None


@dataclass(slots=True)
class ProductRow:
    """One product with its SKUs; `rows` are all rows of the file that belong to it."""

    handle: str
    name_vi: str
    name_en: str = ""
    description: str = ""
    brand: str = ""
    category: str = ""
    tags: list[str] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    option_names: list[str] = field(default_factory=list)
    active: bool = True
    variants: list[VariantRow] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Parsed:
    """A whole file: `rows` is how many it holds, the header not counted."""

    rows: int
    products: list[ProductRow]
    problems: list[Problem]


class Sheet:
    """A CSV file with a header. Rows are numbered as a spreadsheet shows them: the header is row 1."""

    def __init__(self, path: Path) -> None:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadFile(details={"file": path.name, "reason": "not UTF-8"}) from error
        if "\0" in text:
            raise BadFile(details={"file": path.name, "reason": "not text"})
        self.name = path.name
        try:
            self.records = list(csv.reader(io.StringIO(text, newline="")))
        except csv.Error as error:
            raise BadFile(details={"file": path.name, "reason": str(error)}) from error
        self.header = [name.strip() for name in self.records[0]] if self.records else []

    def need(self, *columns: str) -> None:
        """BadFile that names the columns that are not there, or there twice."""
        missing = [column for column in columns if column not in self.header]
        twice = sorted({name for name in self.header if name and self.header.count(name) > 1})
        if missing or twice:
            raise BadFile(details={"file": self.name, "missing columns": missing, "columns twice": twice})

    def rows(self) -> Iterator[tuple[int, dict[str, str], bool]]:
        """(number, cells by column, whether the row has no more cells than the header); empty lines are no rows."""
        for number, record in enumerate(self.records[1:], start=2):
            if record:
                cells = {name: value.strip() for name, value in zip(self.header, record, strict=False)}
                fits = not any(value.strip() for value in record[len(self.header) :])
                yield number, {name: cells.get(name, "") for name in self.header}, fits


def amount(text: str) -> Decimal | None:
    """19.99 or 1250000; None for what is no amount of 0 or more."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 <= value <= MOST else None


def whole(text: str) -> int | None:
    """A whole number, as spreadsheets write it too (`5.0`); None for anything else."""
    return int(float(text)) if re.fullmatch(r"-?\d{1,9}(\.0+)?", text) else None


def sku_of(handle: str, options: Mapping[str, str]) -> str:
    """The SKU of a variant that has none in the file: handle plus option values, the same at every import."""
    sku = "-".join([handle, *(slug(value) for value in options.values())]).strip("-")
    if len(sku) <= 100:
        return sku
    return f"{sku[:87]}-{hashlib.sha256(sku.encode()).hexdigest()[:12]}"


def slug(text: str) -> str:
    """`Đỏ đô / M` -> `do-do-m`; a text of which nothing is left keeps a fingerprint, so that it stays itself."""
    plain = slugify(fold(text).replace("/", " "))
    return plain or hashlib.sha256(text.encode()).hexdigest()[:8]
