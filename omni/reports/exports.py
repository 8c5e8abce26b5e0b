"""A report as CSV and as Excel: the numbers of the page, unrounded, in files that open safely."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from omni.core.money import exponent, to_decimal
from omni.core.text import safe_cell as safe
from omni.reports.base import Column, Report, Row, Section, Table
from omni.reports.figures import show_days
from omni.reports.periods import Period

Cell = str | int | Decimal | None


def as_csv(table: Table) -> bytes:
    """UTF-8 with a byte order mark, so that Excel reads Vietnamese."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(_lines(table))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_excel(report: Report, table: Table, period: Period, compare: Period | None) -> bytes:
    """One sheet of figures with number formats, one of what they mean."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = safe(report.title)[:31]
    lines = list(_lines(table))
    for line in lines:
        sheet.append(line)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for index, title in enumerate(lines[0], start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, len(str(title)) + 2)
    for row in sheet.iter_rows(min_row=2, min_col=4):
        for cell in row:
            decimals = _decimals(cell.value)
            cell.number_format = "#,##0" + ("." + "0" * decimals if decimals else "")
    sheet.freeze_panes = "D2"
    notes = book.create_sheet(_("About"))
    for pair in _notes(report, table, period, compare):
        notes.append([safe(part) for part in pair])
    notes.column_dimensions["A"].width = 24
    notes.column_dimensions["B"].width = 90
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(table: Table) -> Iterator[list[Cell]]:
    compared = any(row.before for section in table.sections for group in section.groups for row in group.rows)
    titles: list[Cell] = [_("Table"), _("Currency"), _("Name")]
    titles += [safe(column.title) for column in table.columns]
    if compared:
        titles += [safe(_("%(figure)s before") % {"figure": column.title}) for column in table.columns]
    yield titles
    for section in table.sections:
        for group in section.groups:
            for row in (*group.rows, group.total):
                line: list[Cell] = [safe(group.title), section.currency, safe(row.label)]
                yield line + _cells(table, section, row, compared)


def _cells(table: Table, section: Section, row: Row, compared: bool) -> list[Cell]:
    cells = [_cell(row.figures.get(column.code), column, section) for column in table.columns]
    if compared:
        cells += [_cell(row.before.get(column.code), column, section) for column in table.columns]
    return cells


def _cell(value: int | None, column: Column, section: Section) -> Cell:
    if value is None:
        return None
    if column.kind == "money":
        return to_decimal(value, section.currency) if exponent(section.currency) else value
    return Decimal(value).scaleb(-1) if column.kind == "share" else value


def _decimals(value: object) -> int:
    places = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return -places if isinstance(places, int) else 0


def _notes(report: Report, table: Table, period: Period, compare: Period | None) -> Iterator[tuple[str, str]]:
    yield str(report.title), str(report.about)
    yield _("Period"), show_days(period.first, period.last)
    if compare:
        yield _("Compared with"), show_days(compare.first, compare.last)
    yield _("Data as of"), table.as_of.isoformat(timespec="seconds")
    for column in table.columns:
        yield str(column.title), str(column.definition)
    for line in report.definition:
        yield "", str(line)
