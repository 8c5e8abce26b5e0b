"""What a basket costs: rules one by one, and how they stack."""

from datetime import UTC, datetime

import pytest

from catalog.pricing import (
    BadCondition,
    BadParams,
    Buyer,
    Charge,
    Conditions,
    CouponGiven,
    Item,
    PromotionRule,
    in_language,
    price_basket,
)
from catalog.promotions import KINDS

NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)  # a Wednesday


def rule(code, kind, params=None, *, conditions=None, **fields):
    return PromotionRule(
        code=code,
        kind=KINDS[kind].read(params or {}),
        name_en=code,
        conditions=Conditions.read(conditions or {}),
        **fields,
    )


def price(items, rules=(), **fields):
    fields.setdefault("now", NOON)
    basket = price_basket(items=items, promotions=list(rules), currency="VND", **fields)
    adds_up(basket)
    return basket


def adds_up(basket):
    for line in basket.lines:
        assert line.total == line.list_total + sum(a.amount for a in line.adjustments) >= 0
        assert line.discount_total == line.list_total - line.total
    taken = sum(a.amount for line in basket.lines for a in line.adjustments)
    taken += sum(a.amount for a in basket.order_adjustments)
    assert basket.discount_total == -taken
    tax = 0 if basket.tax_included else basket.tax_total
    assert basket.total == basket.list_total + taken + basket.charges_total + tax
    assert basket.total >= 0


TEA = Item("TEA", 3, 40_000, ("drink", "tea"), 800)
CUP = Item("CUP", 1, 99_999, ("home", "cup"), 1000)


@pytest.mark.parametrize(
    ("kind", "params", "items", "total"),
    [
        ("percent_off", {"percent": 15}, [CUP], 84_999),  # 14 999.85 rounds up
        ("percent_off", {"percent": 100}, [TEA], 0),
        ("amount_off", {"amount": 15_000}, [TEA], 75_000),
        ("amount_off", {"amount": 50_000}, [TEA], 0),
        ("fixed_price", {"amount": 30_000}, [TEA], 90_000),
        ("fixed_price", {"amount": 50_000}, [TEA], 120_000),
        ("order_amount_off", {"amount": 20_000}, [TEA, CUP], 199_999),
        ("order_amount_off", {"amount": 900_000}, [TEA, CUP], 0),
        ("quantity_tiers", {"tiers": [{"from": 2, "percent": 5}, {"from": 3, "percent": 10}]}, [TEA], 108_000),
        ("quantity_tiers", {"tiers": [{"from": 4, "amount": 5_000}]}, [TEA], 120_000),
        ("buy_x_get_y", {"buy": 2, "get": 1}, [TEA], 80_000),
        ("buy_x_get_y", {"buy": 2, "get": 1}, [TEA, CUP], 179_999),
        ("buy_x_get_y", {"buy": 1, "get": 1, "percent": 50, "times": 1}, [TEA], 100_000),
        ("buy_x_get_y", {"buy": 1, "get": 2}, [Item("TEA", 2, 40_000)], 40_000),
        ("n_for_price", {"count": 2, "amount": 70_000}, [TEA], 110_000),
        ("n_for_price", {"count": 2, "amount": 90_000}, [TEA], 120_000),
        ("n_for_price", {"count": 2, "amount": 90_000}, [TEA, CUP], 170_000),
        ("bundle", {"skus": {"TEA": 2, "CUP": 1}, "amount": 150_000}, [TEA, CUP], 190_000),
        ("bundle", {"skus": {"TEA": 4, "CUP": 1}, "amount": 150_000}, [TEA, CUP], 219_999),
        ("spend_threshold", {"spend": 120_000, "amount": 20_000}, [TEA], 100_000),
        ("spend_threshold", {"spend": 120_001, "amount": 20_000}, [TEA], 120_000),
        ("spend_threshold", {"spend": 100_000, "percent": 50, "at_most": 30_000}, [TEA], 90_000),
    ],
)
def test_each_kind_takes_off_what_it_says(kind, params, items, total):
    basket = price(items, [rule("sale", kind, params)])
    assert basket.total == total
    assert all(a.explanation["vi"] and a.explanation["en"] for line in basket.lines for a in line.adjustments)


def test_every_kind_is_tried_above_or_is_about_delivery():
    tried = {row[0] for mark in test_each_kind_takes_off_what_it_says.pytestmark for row in mark.args[1]}
    assert tried == {name for name, kind in KINDS.items() if not kind.on_delivery}


@pytest.mark.parametrize(
    ("kind", "params", "param"),
    [
        ("percent_off", {}, "percent"),
        ("percent_off", {"percent": 101}, "percent"),
        ("percent_off", {"percent": 10, "amout": 3}, "amout"),
        ("amount_off", {"amount": 0}, "amount"),
        ("amount_off", {"amount": 1.5}, "amount"),
        ("fixed_price", {"amount": -1}, "amount"),
        ("order_amount_off", {"amount": "5"}, "amount"),
        ("quantity_tiers", {"tiers": []}, "tiers"),
        ("quantity_tiers", {"tiers": [{"from": 2, "percent": 5}, {"from": 2, "percent": 6}]}, "tiers"),
        ("quantity_tiers", {"tiers": [{"from": 2}]}, "percent"),
        ("buy_x_get_y", {"buy": 0, "get": 1}, "buy"),
        ("n_for_price", {"count": 1, "amount": 5}, "count"),
        ("bundle", {"skus": {"TEA": 1}, "amount": 5}, "skus"),
        ("spend_threshold", {"spend": 1, "percent": 5, "amount": 5}, "percent"),
        ("free_delivery", {"up_to": 0}, "up_to"),
    ],
)
def test_a_parameter_that_can_never_be_right_is_named(kind, params, param):
    with pytest.raises(BadParams) as refusal:
        KINDS[kind].read(params)
    assert refusal.value.param == param
    assert set(refusal.value.words) == {"vi", "en"}


@pytest.mark.parametrize(
    "told",
    [
        {"category": ["x"]},
        {"skus": "TEA"},
        {"min_spend": -1},
        {"hours": ["18:00"]},
        {"hours": ["8", "8"]},
        {"weekdays": ["monday"]},
        {"first_order": 1},
    ],
)
def test_a_condition_that_can_never_be_right_is_named(told):
    with pytest.raises(BadCondition) as refusal:
        Conditions.read(told)
    assert refusal.value.name in told


@pytest.mark.parametrize(
    ("conditions", "fits", "buyer", "method", "now"),
    [
        ({"categories": ["drink"]}, True, Buyer(), None, NOON),
        ({"categories": ["home"]}, False, Buyer(), None, NOON),
        ({"categories": ["home"], "skus": ["TEA"]}, True, Buyer(), None, NOON),
        ({"not_skus": ["TEA"]}, False, Buyer(), None, NOON),
        ({"segments": ["vip"]}, True, Buyer(segments=frozenset({"vip"}), known=True), None, NOON),
        ({"segments": ["vip"]}, False, Buyer(), None, NOON),
        ({"tiers": ["gold"]}, True, Buyer(tier="gold", known=True), None, NOON),
        ({"tiers": ["gold"]}, False, Buyer(tier="silver", known=True), None, NOON),
        ({"first_order": True}, True, Buyer(known=True), None, NOON),
        ({"first_order": True}, False, Buyer(known=True, has_ordered=True), None, NOON),
        ({"first_order": True}, False, Buyer(), None, NOON),
        ({"min_quantity": 3}, True, Buyer(), None, NOON),
        ({"min_quantity": 4}, False, Buyer(), None, NOON),
        ({"min_spend": 120_000}, True, Buyer(), None, NOON),
        ({"min_spend": 120_001}, False, Buyer(), None, NOON),
        ({"weekdays": ["wed"]}, True, Buyer(), None, NOON),
        ({"weekdays": ["thu"]}, False, Buyer(), None, NOON),
        ({"hours": ["12:00", "13:00"]}, True, Buyer(), None, NOON),
        ({"hours": ["11:00", "12:00"]}, False, Buyer(), None, NOON),
        ({"hours": ["22:00", "12:30"]}, True, Buyer(), None, NOON),
        ({"methods": ["bopis"]}, True, Buyer(), "bopis", NOON),
        ({"methods": ["bopis"]}, False, Buyer(), None, NOON),
    ],
)  # fmt: skip
def test_conditions_say_when_and_for_whom(conditions, fits, buyer, method, now):
    sale = rule("sale", "percent_off", {"percent": 10}, conditions=conditions)
    assert bool(price([TEA], [sale], buyer=buyer, method=method, now=now).discount_total) is fits


def test_what_is_within_reach_says_how_much_is_missing():
    sale = rule("sale", "spend_threshold", {"spend": 200_000, "amount": 20_000})
    (rejected,) = price([TEA], [sale]).rejected
    assert rejected.promotion == "sale"
    assert "80" in rejected.reason["en"]


class TestStacking:
    def test_of_two_exclusive_rules_the_buyer_gets_the_better_for_each_line(self):
        rules = [rule("a", "percent_off", {"percent": 10}), rule("b", "amount_off", {"amount": 6_000})]
        basket = price([TEA, CUP], rules)
        assert [[a.promotion for a in line.adjustments] for line in basket.lines] == [["b"], ["a"]]

    def test_higher_priority_goes_first_even_where_it_gives_less(self):
        rules = [
            rule("small", "percent_off", {"percent": 5}, priority=9),
            rule("large", "percent_off", {"percent": 50}, priority=1),
        ]
        basket = price([TEA], rules)
        assert list(basket.given) == ["small"]
        assert [r.promotion for r in basket.rejected] == ["large"]

    def test_combinable_rules_act_on_what_the_others_left(self):
        rules = [
            rule("a", "percent_off", {"percent": 50}, exclusive=False, priority=2),
            rule("b", "percent_off", {"percent": 10}, exclusive=False),
        ]
        assert price([TEA], rules).total == 54_000

    def test_both_sides_must_allow_a_combination(self):
        rules = [
            rule("a", "percent_off", {"percent": 10}, exclusive=False, priority=2),
            rule("b", "percent_off", {"percent": 50}, exclusive=True),
        ]
        assert list(price([TEA], rules).given) == ["a"]

    def test_units_that_an_offer_used_up_are_not_discounted_again(self):
        rules = [
            rule("2+1", "buy_x_get_y", {"buy": 2, "get": 1}, priority=2),
            rule("ten", "percent_off", {"percent": 10}),
        ]
        basket = price([Item("TEA", 4, 40_000)], rules)
        assert basket.given == {"2+1": 40_000, "ten": 4_000}

    def test_within_one_priority_the_order_that_leaves_least_is_taken(self):
        rules = [
            rule("a", "order_amount_off", {"amount": 50_000}, exclusive=False),
            rule("b", "percent_off", {"percent": 50}, exclusive=False),
        ]
        assert price([TEA], rules).total == 10_000

    def test_more_rules_than_are_tried_exhaustively_still_give_the_best_single_one(self):
        rules = [rule(f"p{percent}", "percent_off", {"percent": percent}) for percent in range(1, 10)]
        assert list(price([TEA], rules).given) == ["p9"]


def test_a_budget_that_does_not_suffice_gives_nothing():
    sale = rule("sale", "percent_off", {"percent": 10}, budget_left=11_999)
    basket = price([TEA], [sale])
    assert basket.discount_total == 0
    assert basket.rejected[0].promotion == "sale"
    assert price([TEA], [rule("sale", "percent_off", {"percent": 10}, budget_left=12_000)]).discount_total == 12_000


class TestCoupons:
    SALE = rule("sale", "percent_off", {"percent": 10}, needs_coupon=True)

    def test_a_promotion_that_needs_a_coupon_does_nothing_without(self):
        assert price([TEA], [self.SALE]).discount_total == 0

    def test_a_code_opens_it_and_stands_in_the_adjustment(self):
        basket = price([TEA], [self.SALE], coupons=[CouponGiven("TET", "sale")])
        assert basket.coupons == ("TET",)
        assert basket.lines[0].adjustments[0].code == "TET"

    def test_codes_that_give_nothing_are_told_why(self):
        coupons = [
            CouponGiven("TET", "sale"),
            CouponGiven("TET2", "sale"),
            CouponGiven("GONE", refusal={"vi": "hết", "en": "gone"}),
            CouponGiven("OLD", "over"),
        ]
        basket = price([TEA], [self.SALE], coupons=coupons)
        assert [r.coupon for r in basket.rejected] == ["GONE", "OLD", "TET2"] or {
            r.coupon for r in basket.rejected
        } == {"TET2", "GONE", "OLD"}
        assert basket.coupons == ("TET",)

    def test_a_code_for_other_goods_is_told_so_and_not_used(self):
        sale = rule("sale", "percent_off", {"percent": 10}, needs_coupon=True, conditions={"skus": ["CUP"]})
        basket = price([TEA], [sale], coupons=[CouponGiven("TET", "sale")])
        assert basket.coupons == ()
        assert basket.rejected[0].coupon == "TET"


def test_free_delivery_stands_beside_the_lines():
    fee = [Charge("delivery", 30_000)]
    basket = price([TEA], [rule("free", "free_delivery", conditions={"min_spend": 100_000})], charges=fee)
    assert [a.amount for a in basket.order_adjustments] == [-30_000]
    assert (basket.total, basket.charges_total, basket.discount_total) == (120_000, 30_000, 30_000)
    assert price([TEA], [rule("free", "free_delivery", {"up_to": 10_000})], charges=fee).total == 140_000
    assert price([TEA], [rule("free", "free_delivery")]).order_adjustments == ()


def test_tax_inside_the_price_and_on_top():
    assert price([Item("TEA", 1, 108_000, (), 800)]).lines[0].tax == 8_000
    basket = price([Item("TEA", 1, 100_000, (), 800, tax_included=False)])
    assert (basket.tax_total, basket.total, basket.lines[0].total) == (8_000, 108_000, 100_000)


def test_a_basket_cannot_mix_prices_with_and_without_tax():
    with pytest.raises(ValueError, match="mix"):
        price([TEA, Item("CUP", 1, 5, tax_included=False)])


def test_equal_skus_are_one_line():
    basket = price([Item("TEA", 1, 40_000), CUP, Item("TEA", 2, 40_000)])
    assert [(line.sku, line.quantity) for line in basket.lines] == [("TEA", 3), ("CUP", 1)]


def test_the_result_reads_in_one_language():
    result = price([TEA], [rule("sale", "percent_off", {"percent": 10})]).as_dict()
    assert in_language(result, "vi")["lines"][0]["adjustments"][0]["explanation"] == "sale: giảm 10 %"
    assert in_language(result, "en")["lines"][0]["adjustments"][0]["explanation"] == "sale: 10 % off"
    assert in_language(result, "en")["total"] == result["total"]
