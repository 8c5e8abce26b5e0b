"""The pure rules: what units are worth, which payment gives back first, and from where goods are sent."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orders.routing import Need, route
from orders.worth import Source, share_step, take_from, value_of_units

AMOUNTS = st.integers(0, 10**12)


@given(AMOUNTS, st.lists(st.integers(1, 7), min_size=1, max_size=6))
def test_units_are_worth_the_line_in_however_many_parts_they_come_back(worth, parts):
    quantity, first, total = sum(parts), 0, 0
    for count in parts:
        piece = value_of_units(worth, quantity, first, count)
        assert piece >= 0
        first, total = first + count, total + piece
    assert total == worth


@given(st.integers(0, 10**6), st.integers(1, 10**9), st.lists(st.integers(0, 1000), max_size=8))
def test_shares_of_a_stretch_add_up(whole, total, cuts):
    points = sorted({0, total, *(cut * total // 1000 for cut in cuts)})
    assert sum(share_step(whole, total, a, b) for a, b in pairwise(points)) == whole


@given(
    st.lists(st.tuples(st.sampled_from(["cash", "card", "points", "gift_card"]), st.integers(0, 1000)), max_size=6),
    st.integers(0, 5000),
)
def test_a_refund_takes_what_there_is_and_no_more(payments, amount):
    sources = [Source(i, tender, left, i) for i, (tender, left) in enumerate(payments)]
    parts = take_from(sources, amount)
    assert sum(part.amount for part in parts) == min(amount, sum(left for _tender, left in payments))
    left = {source.payment: source.left for source in sources}
    assert all(0 < part.amount <= left[part.payment] for part in parts)


def test_points_come_back_first_then_gift_cards_then_the_latest_money():
    sources = [Source(1, "cash", 50, 1), Source(2, "gift_card", 30, 2), Source(3, "card", 50, 3)]
    sources.append(Source(4, "points", 20, 4))
    assert [(part.tender, part.amount) for part in take_from(sources, 110)] == [
        ("points", 20),
        ("gift_card", 30),
        ("card", 50),
        ("cash", 10),
    ]


NEEDS = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(
    lambda counts: [Need(line, line, f"S{line}", count) for line, count in enumerate(counts, start=1)]
)
SHELVES = st.dictionaries(st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(0, 9))


@given(NEEDS, SHELVES)
def test_what_is_sent_and_what_is_missing_is_what_was_asked(needs, atp):
    plan = route(needs, atp, [1, 2, 3, 4])
    sent: dict[int, int] = {}
    for parcel in plan.parcels:
        for line, quantity in parcel.lines:
            assert 0 < quantity <= atp[line, parcel.location]
            sent[line] = sent.get(line, 0) + quantity
    missing = dict(plan.missing)
    for need in needs:
        assert sent.get(need.line, 0) + missing.get(need.line, 0) == need.quantity
        there = sum(units for (variant, _location), units in atp.items() if variant == need.variant)
        assert missing.get(need.line, 0) == max(0, need.quantity - there)


def test_one_place_that_has_everything_sends_everything():
    needs = [Need(1, 1, "A", 2), Need(2, 2, "B", 1)]
    plan = route(needs, {(1, 7): 9, (2, 7): 0, (1, 8): 2, (2, 8): 1}, [7, 8])
    assert [(parcel.location, parcel.reason) for parcel in plan.parcels] == [(8, "holds_everything")]
