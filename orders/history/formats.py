"""The formats that `import_sales` reads: one file each and one line here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orders.history import online_retail, simple_csv
from orders.history.lines import Columns, Line


@dataclass(frozen=True, slots=True)
class Format:
    """`columns` must all stand in the heading, in any order; `read` takes their values in the order given here
    and returns the line or raises Refused."""

    columns: Sequence[str]
    names: Columns
    read: Callable[[Sequence[str]], Line]


FORMATS: Mapping[str, Format] = {
    "online-retail": Format(online_retail.COLUMNS, online_retail.NAMES, online_retail.read),
    "csv": Format(simple_csv.COLUMNS, simple_csv.NAMES, simple_csv.read),
}
