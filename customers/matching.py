"""Are two source records one person? Pure: two sets of evidence in, a verdict with its reason out.

The rules are deterministic and the same from both sides, so the order in which records arrive changes nothing.
A scoring of the doubtful ones (Fellegi and Sunter, 1969) would replace `_doubtful` alone.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from customers.normalise import compatible_names, same_full_name

# Identifiers that one person holds alone, and which of them may tell two people apart.
PERSONAL = ("card", "social")
SHAREABLE = ("email", "phone")


@dataclass(frozen=True, slots=True)
class Known:
    """One identifier that a record holds now. `proven`: told with proof. `generic`: so many hold it that it
    says nothing of anybody."""

    kind: str
    value: str
    proven: bool = False
    generic: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one record says of a person."""

    name: str = ""
    birth_date: date | None = None
    known: frozenset[Known] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`joined`: one person. `review`: a colleague should look. `apart`: nothing says that they are one.

    `reason` names what agreed (`phone+name`) or what contradicted (`birth_date`), never a value.
    """

    outcome: Literal["joined", "review", "apart"]
    reason: str


def contradiction(one: Evidence, other: Evidence) -> str:
    """What cannot be true of one person: names, birth years, or cards or social accounts of one kind; or ''."""
    if not compatible_names(one.name, other.name):
        return "name"
    if one.birth_date and other.birth_date and one.birth_date.year != other.birth_date.year:
        return "birth_date"
    for kind in PERSONAL:
        left, right = _accounts(one, kind), _accounts(other, kind)
        for network in left.keys() & right.keys():
            if not left[network] & right[network]:
                return kind
    return ""


def judge(one: Evidence, other: Evidence) -> Verdict:
    """Whether two records are one person.

    A card or social account joins where nothing contradicts. A phone or e-mail proven on both sides joins
    compatible names; proven on one side it joins the same full name; else it is at most worth a look, and
    with another name it says nothing: families share phones.
    """
    against = contradiction(one, other)
    best: Verdict | None = None
    for kind in PERSONAL + SHAREABLE:
        for left, right in _shared(one, other, kind):
            found = _weigh(one, other, left, right, against)
            if found.outcome == "joined":
                return found
            if best is None or (found.outcome == "review" and best.outcome == "apart"):
                best = found
    return best or Verdict("apart", "nothing_shared")


def _weigh(one: Evidence, other: Evidence, left: Known, right: Known, against: str) -> Verdict:
    kind = left.kind
    if against:
        # One card in two hands is worth a look; one phone under two names is a family.
        return Verdict("review" if kind in PERSONAL else "apart", f"{kind}, {against} differs")
    named = bool(one.name and other.name)
    reason = f"{kind}+name" if named else kind
    if left.proven and right.proven:
        return Verdict("joined", reason)
    if (left.proven or right.proven) and same_full_name(one.name, other.name):
        return Verdict("joined", reason)
    return _doubtful(one, other, left, right, reason)


def _doubtful(one: Evidence, other: Evidence, left: Known, right: Known, reason: str) -> Verdict:
    if same_full_name(one.name, other.name) or left.proven or right.proven:
        return Verdict("review", f"{reason}, not proven")
    return Verdict("apart", f"{reason}, not proven")


def _shared(one: Evidence, other: Evidence, kind: str) -> list[tuple[Known, Known]]:
    right = {known.value: known for known in other.known if known.kind == kind}
    return [
        (left, right[left.value])
        for left in sorted(one.known, key=lambda known: known.value)
        if left.kind == kind and left.value in right and not left.generic
    ]


def _accounts(evidence: Evidence, kind: str) -> dict[str, set[str]]:
    """Cards by '', social accounts by network: two networks do not contradict each other."""
    found: dict[str, set[str]] = {}
    for known in evidence.known:
        if known.kind == kind and not known.generic:
            found.setdefault(known.value.partition(":")[0] if kind == "social" else "", set()).add(known.value)
    return found
