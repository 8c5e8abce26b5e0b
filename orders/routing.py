"""From which locations an order is sent: a pure choice over what each has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """A line that must come from somewhere."""

    line: int
    variant: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one location sends: (line, quantity) pairs, and why it was chosen."""

    location: int
    lines: tuple[tuple[int, int], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All parcels, and what nobody has: (line, missing quantity)."""

    parcels: tuple[Parcel, ...]
    missing: tuple[tuple[int, int], ...] = ()


def route(needs: Sequence[Need], atp: Mapping[tuple[int, int], int], preferred: Sequence[int]) -> Plan:
    """Choose among `preferred` locations (best first) by what they can promise of (variant, location).

    One location that holds everything wins, the best first. Else each step takes the location that covers most
    of the units still open, ties going to the better one, until nothing is open or nobody has more.
    """
    wanted = [need for need in needs if need.quantity > 0]
    for location in preferred:
        if all(_free(atp, location, variant) >= sum_of for variant, sum_of in _by_variant(wanted).items()):
            return Plan((Parcel(location, tuple((n.line, n.quantity) for n in wanted), "holds_everything"),))
    open_units = {need.line: need.quantity for need in wanted}
    parcels: list[Parcel] = []
    candidates = list(preferred)
    while any(open_units.values()) and candidates:
        covered = {location: _cover(wanted, open_units, atp, location) for location in candidates}
        best = max(candidates, key=lambda location: (sum(q for _, q in covered[location]), -preferred.index(location)))
        candidates.remove(best)
        if not covered[best]:
            break
        for line, quantity in covered[best]:
            open_units[line] -= quantity
        parcels.append(Parcel(best, tuple(covered[best]), "holds_most_of_the_rest"))
    return Plan(tuple(parcels), tuple((line, left) for line, left in open_units.items() if left))


def _free(atp: Mapping[tuple[int, int], int], location: int, variant: int) -> int:
    return max(atp.get((variant, location), 0), 0)


def _by_variant(needs: Sequence[Need]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for need in needs:
        sums[need.variant] = sums.get(need.variant, 0) + need.quantity
    return sums


def _cover(
    needs: Sequence[Need], open_units: Mapping[int, int], atp: Mapping[tuple[int, int], int], location: int
) -> list[tuple[int, int]]:
    left: dict[int, int] = {}
    covered: list[tuple[int, int]] = []
    for need in needs:
        free = left.setdefault(need.variant, _free(atp, location, need.variant))
        count = min(free, open_units[need.line])
        if count > 0:
            left[need.variant] -= count
            covered.append((need.line, count))
    return covered
