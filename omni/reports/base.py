"""What every report is made of: columns with their definitions, rows of figures, groups and one section a currency.

A report is one file with a class of this Protocol, one template, and one line in omni.reports.REPORTS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from django.utils.functional import Promise

from omni.reports.periods import Period

Text = str | Promise
Kind = Literal["count", "money", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """A figure: its name, what it counts in one line, and its kind. `money` is minor units, `share` 1/10 %."""

    code: str
    title: Text
    definition: Text
    kind: Kind = "count"
    # Whether more of it is good news; None where it is neither.
    more_is_good: bool | None = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what it is about, its figures by column code, those of the period compared with,
    and where to see the orders behind it."""

    label: Text
    figures: Mapping[str, int | None]
    before: Mapping[str, int | None] = field(default_factory=dict)
    link: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """One table: rows and their total."""

    code: str
    title: Text
    rows: Sequence[Row]
    total: Row


@dataclass(frozen=True, slots=True)
class Section:
    """The tables of one currency; amounts of different currencies are never added together."""

    currency: str
    groups: Sequence[Group]
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a report: the stores that the reader may see (None: all), whether orders taken over from
    another system count, and one currency ("" for every currency, each in a section)."""

    places: frozenset[int] | None = None
    history: bool = True
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What a report computed."""

    columns: Sequence[Column]
    sections: Sequence[Section]
    currencies: Sequence[str]
    as_of: datetime

    @property
    def empty(self) -> bool:
        return not self.sections


class Report(Protocol):
    """A report: its address is `code`, its template `reports/<code>.html`."""

    code: str
    title: Text
    about: Text
    # Lines of definition that hold for the whole report.
    definition: Sequence[Text]

    def compute(self, period: Period, compare: Period | None, filters: Filters, *, now: datetime) -> Table: ...
