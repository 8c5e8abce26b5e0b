"""Which promotions act on a basket, in which order, and on which units.

Higher priority first. A unit that an exclusive rule has discounted is closed to every other rule, and an
exclusive rule takes only units that nobody has discounted: both sides must allow a combination. Rules of one
priority compete: for each line the order of the per-line rules that leaves the lowest amount, and around that
step the order of the basket-wide rules that leaves the lowest total. A rule that comes later only ever takes
off what is left, so an order is also a choice. Ties go to the order of the codes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from catalog.pricing.values import Cut, Goods, Item, PromotionRule
from omni.core.money import split

# All orders of so many competitors are tried; the rest follow, those that alone give most first.
EXHAUSTIVE = 5


@dataclass(frozen=True, slots=True)
class Parcel:
    """Units of one line that share a history: `fresh` nobody discounted, `closed` an exclusive rule did."""

    count: int
    amount: int
    fresh: bool = True
    closed: bool = False


Line = tuple[Parcel, ...]
# What was taken off, in the order it was: (rule's code, line, amount).
Taken = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class State:
    """The basket while rules act on it."""

    lines: tuple[Line, ...]
    taken: tuple[Taken, ...] = ()

    @property
    def total(self) -> int:
        return sum(parcel.amount for line in self.lines for parcel in line)


Step = Callable[[State], State]


def opening(items: Sequence[Item]) -> State:
    return State(lines=tuple((Parcel(item.quantity, item.quantity * item.unit_price),) for item in items))


def stack(state: State, items: Sequence[Item], rules: Iterable[PromotionRule]) -> State:
    """Let all rules act, by priority; the rules' other conditions were looked at before."""
    ordered = sorted(rules, key=lambda rule: (-rule.priority, rule.code))
    for priority in sorted({rule.priority for rule in ordered}, reverse=True):
        state = _compete(state, items, [rule for rule in ordered if rule.priority == priority])
    return state


def apply_rule(state: State, items: Sequence[Item], rule: PromotionRule, only: int | None = None) -> State:
    """One rule acts on the whole basket, or on one line only."""
    scope = [index for index, item in enumerate(items) if rule.conditions.covers(item.sku, item.category_path)]
    goods = [
        offered
        for index in scope
        if (only is None or index == only) and (offered := _goods(state, index, items[index], rule)).count
    ]
    scope_list_total = sum(items[index].quantity * items[index].unit_price for index in scope)
    lines, taken = list(state.lines), list(state.taken)
    for cut in rule.kind.cuts(goods, scope_list_total=scope_list_total):
        amount = 0
        if cut.amount > 0 or cut.tied:
            lines[cut.line], amount = _take(lines[cut.line], cut, exclusive=rule.exclusive)
        if amount:
            taken.append((rule.code, cut.line, amount))
    return State(lines=tuple(lines), taken=tuple(taken))


def _compete(state: State, items: Sequence[Item], rules: list[PromotionRule]) -> State:
    per_line = [rule for rule in rules if not rule.kind.basket_wide]
    wide = [rule for rule in rules if rule.kind.basket_wide]

    def all_lines(before: State) -> State:
        for index in range(len(items)):
            before = _best(before, [_step(items, rule, index) for rule in per_line if _covers(rule, items[index])])
        return before

    steps: list[Step] = [all_lines] if per_line else []
    return _best(state, steps + [_step(items, rule, None) for rule in wide])


def _best(state: State, steps: list[Step]) -> State:
    """The end of the order of steps that leaves the lowest total; the first such order where several do."""
    if len(steps) <= 1:
        return steps[0](state) if steps else state
    if len(steps) > EXHAUSTIVE:
        # Stable, so that equals stay in the order of their codes.
        steps = sorted(steps, key=lambda step: step(state).total)
    best: State | None = None
    for order in permutations(steps[:EXHAUSTIVE]):
        end = state
        for step in order:
            end = step(end)
        if best is None or end.total < best.total:
            best = end
    assert best is not None
    for step in steps[EXHAUSTIVE:]:
        best = step(best)
    return best


def _step(items: Sequence[Item], rule: PromotionRule, only: int | None) -> Step:
    return lambda state: apply_rule(state, items, rule, only)


def _covers(rule: PromotionRule, item: Item) -> bool:
    return rule.conditions.covers(item.sku, item.category_path)


def _open(parcel: Parcel, *, exclusive: bool) -> bool:
    return parcel.fresh if exclusive else not parcel.closed


def _goods(state: State, index: int, item: Item, rule: PromotionRule) -> Goods:
    parcels = tuple(
        (parcel.count, parcel.amount)
        for parcel in state.lines[index]
        if parcel.count and _open(parcel, exclusive=rule.exclusive)
    )
    return Goods(line=index, sku=item.sku, unit_price=item.unit_price, parcels=parcels)


def _take(line: Line, cut: Cut, *, exclusive: bool) -> tuple[Line, int]:
    """Take a cut off a line's open units, never more than they are worth; fresh units go first."""
    chosen, rest = _part(line, cut.count, exclusive=exclusive)
    amount = min(cut.amount, sum(parcel.amount for parcel in chosen))
    shares = split(amount, [parcel.amount for parcel in chosen])
    done = tuple(
        Parcel(parcel.count, parcel.amount - share, fresh=False, closed=exclusive)
        for parcel, share in zip(chosen, shares, strict=True)
    )
    if cut.tied and exclusive:
        # What earned the discount cannot earn or take another one.
        tied, rest = _part(rest, cut.tied, exclusive=exclusive)
        done += tuple(replace(parcel, fresh=False, closed=True) for parcel in tied)
    return done + rest, amount


def _part(line: Line, count: int, *, exclusive: bool) -> tuple[Line, Line]:
    """`count` open units of a line, and what is left of it."""
    chosen: list[Parcel] = []
    rest: list[Parcel] = []
    for parcel in sorted(line, key=lambda parcel: not parcel.fresh):
        wanted = min(count, parcel.count) if _open(parcel, exclusive=exclusive) else 0
        if not wanted:
            rest.append(parcel)
            continue
        worth, left = split(parcel.amount, [wanted, parcel.count - wanted])
        chosen.append(replace(parcel, count=wanted, amount=worth))
        if parcel.count > wanted:
            rest.append(replace(parcel, count=parcel.count - wanted, amount=left))
        count -= wanted
    return tuple(chosen), tuple(rest)
