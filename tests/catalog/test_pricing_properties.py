"""What holds for every basket and every set of promotions."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.pricing import Charge, Item, PromotionRule, price_basket
from catalog.pricing.conditions import Conditions
from catalog.pricing.stacking import apply_rule, opening
from catalog.promotions import KINDS
from tests.catalog.test_pricing import adds_up

NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)
SKUS = ["A", "B", "C"]

amounts = st.integers(1, 60_000)
percents = st.integers(1, 100)
PARAMS = {
    "percent_off": st.fixed_dictionaries({"percent": percents}),
    "amount_off": st.fixed_dictionaries({"amount": amounts}),
    "fixed_price": st.fixed_dictionaries({"amount": amounts}),
    "order_amount_off": st.fixed_dictionaries({"amount": amounts}),
    "quantity_tiers": st.fixed_dictionaries(
        {
            "tiers": st.lists(
                st.fixed_dictionaries({"from": st.integers(1, 4), "percent": percents}), min_size=1, max_size=1
            )
        }
    ),
    "buy_x_get_y": st.fixed_dictionaries({"buy": st.integers(1, 3), "get": st.integers(1, 2), "percent": percents}),
    "n_for_price": st.fixed_dictionaries({"count": st.integers(2, 3), "amount": amounts}),
    "bundle": st.fixed_dictionaries({"skus": st.just({"A": 1, "B": 1}), "amount": amounts}),
    "spend_threshold": st.fixed_dictionaries({"spend": amounts, "percent": percents}),
    "free_delivery": st.just({}),
}


def test_every_kind_is_generated():
    assert set(PARAMS) == set(KINDS)


@st.composite
def rules(draw, kinds=tuple(PARAMS), most=5, priorities=3):
    found = []
    for index in range(draw(st.integers(0, most))):
        name = draw(st.sampled_from(kinds))
        scope = draw(st.sampled_from([[], ["A"], ["B", "C"], ["A", "B"]]))
        found.append(
            PromotionRule(
                code=f"r{index}",
                kind=KINDS[name].read(draw(PARAMS[name])),
                conditions=Conditions.read({"skus": scope} if scope else {}),
                exclusive=draw(st.booleans()),
                priority=draw(st.integers(0, priorities - 1)),
                budget_left=draw(st.none() | st.integers(0, 50_000)),
            )
        )
    return found


items = st.lists(
    st.builds(
        Item,
        sku=st.sampled_from(SKUS),
        quantity=st.integers(1, 5),
        unit_price=st.just(0),
        tax_rate=st.sampled_from([0, 500, 800, 1000]),
    ),
    min_size=1,
    max_size=4,
)
prices = st.fixed_dictionaries({sku: st.integers(0, 50_000) for sku in SKUS})


def priced(basket, costs, promotions, **fields):
    basket = [replace(item, unit_price=costs[item.sku], tax_rate=800) for item in basket]
    return price_basket(items=basket, promotions=promotions, now=NOON, currency="VND", **fields)


@settings(max_examples=150, deadline=None)
@given(items, prices, rules(), st.integers(0, 40_000))
def test_it_adds_up_and_is_never_negative(basket, costs, promotions, fee):
    adds_up(priced(basket, costs, promotions, charges=[Charge("delivery", fee)] if fee else []))


@settings(max_examples=80, deadline=None)
@given(items, prices, rules(), st.randoms())
def test_the_order_of_lines_and_rules_changes_nothing(basket, costs, promotions, random):
    first = priced(basket, costs, promotions)
    again, other_rules = list(basket), list(promotions)
    random.shuffle(again)
    random.shuffle(other_rules)
    second = priced(again, costs, other_rules)
    assert {line.sku: line for line in first.lines} == {line.sku: line for line in second.lines}
    assert first.total == second.total


@settings(max_examples=120, deadline=None)
@given(items, prices, rules(kinds=("percent_off", "amount_off", "fixed_price"), priorities=1), st.sampled_from(SKUS))
def test_one_more_never_costs_less_where_no_quantity_counts(basket, costs, promotions, sku):
    promotions = [replace(rule, budget_left=None) for rule in promotions]
    before = priced(basket, costs, promotions)
    after = priced([*basket, Item(sku, 1, 0)], costs, promotions)
    # Percents are rounded once per line, so one line may move by a unit for each rule.
    assert after.total >= before.total - len(promotions)


@settings(max_examples=60, deadline=None)
@given(items, prices, rules(most=3, priorities=1))
def test_the_choice_equals_a_slow_search(basket, costs, promotions):
    promotions = [replace(rule, budget_left=None) for rule in promotions if not rule.kind.on_delivery]
    assert priced(basket, costs, promotions).total == slow(basket, costs, promotions)


def slow(basket, costs, promotions):
    """Every order of the basket-wide rules and of the lines' step, with every order of rules for each line."""
    quantities = {}
    for item in basket:
        quantities[item.sku] = quantities.get(item.sku, 0) + item.quantity
    lines = [Item(sku, quantities[sku], costs[sku]) for sku in sorted(quantities)]
    promotions = [rule for rule in promotions if not rule.kind.missing(_scope_total(rule, lines))]
    per_line = [rule for rule in promotions if not rule.kind.basket_wide]
    wide = [rule for rule in promotions if rule.kind.basket_wide]
    best = None
    for order in permutations(["lines", *wide]):
        state = opening(lines)
        for step in order:
            state = _lines(state, lines, per_line) if step == "lines" else apply_rule(state, lines, step)
        best = state.total if best is None else min(best, state.total)
    return best


def _lines(state, lines, per_line):
    ends = []
    for orders in product(permutations(per_line), repeat=len(lines)):
        end = state
        for index, order in enumerate(orders):
            for rule in order:
                if rule.conditions.covers(lines[index].sku, ()):
                    end = apply_rule(end, lines, rule, index)
        ends.append(end)
    return min(ends, key=lambda end: end.total)


def _scope_total(rule, lines):
    return sum(line.quantity * line.unit_price for line in lines if rule.conditions.covers(line.sku, ()))
