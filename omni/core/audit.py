"""Checks over the whole database, read only, that every rule of the shop still holds.

Each room lists its checks in `<room>/audit.py` as `CHECKS`; omni.wiring registers them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from omni.core.db import fetch_all

_checks: list["Check"] = []


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check looked at and what it found wrong: how many rows were read, and the first offenders in words."""

    rows: int
    wrong: list[str]


@dataclass(frozen=True, slots=True)
class Check:
    """A named rule and the function that looks whether it holds."""

    name: str
    look: Callable[[], Finding]


def sql_check(name: str, *, count: str, wrong: str) -> Check:
    """A check of two statements: `count` gives the rows looked at, `wrong` a text for each offender."""

    def look() -> Finding:
        rows = int(fetch_all(count)[0][0])
        return Finding(rows=rows, wrong=[str(row[0]) for row in fetch_all(f"{wrong} LIMIT 20")])

    return Check(name=name, look=look)


def register(checks: Iterable[Check]) -> None:
    known = {check.name for check in _checks}
    _checks.extend(check for check in checks if check.name not in known)


def all_checks() -> list[Check]:
    return list(_checks)
