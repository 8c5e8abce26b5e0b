"""Components and golden records as values: what comes out does not depend on what came first."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from customers.identity.components import pair, partition
from customers.identity.golden import Told, search_text, survive

NOON = datetime(2026, 6, 17, 5, 0, tzinfo=UTC)

records = st.integers(1, 8)
decisions = st.dictionaries(
    st.tuples(records, records).filter(lambda both: both[0] != both[1]).map(lambda both: pair(*both)),
    st.sampled_from(["same", "different"]),
)


@given(decisions, st.randoms(use_true_random=False))
def test_a_record_is_in_one_component_whatever_the_order_of_decisions(decided, shuffle):
    items = list(decided.items())
    shuffle.shuffle(items)
    parts = partition(range(1, 9), decided)
    assert parts == partition(range(8, 0, -1), dict(items))
    assert sorted(record for part in parts for record in part) == list(range(1, 9))
    where = {record: index for index, part in enumerate(parts) for record in part}
    assert all(where[left] == where[right] for (left, right), verdict in decided.items() if verdict == "same")


told = st.builds(
    Told,
    record=st.integers(1, 99),
    weight=st.integers(0, 2),
    trust=st.sampled_from([10, 50]),
    told_at=st.just(NOON),
    name=st.sampled_from(["", "Nguyễn Thị Lan", "Nguyen Thi Lan", "Lan"]),
    extras=st.sampled_from([{}, {"language": "en"}, {"preferences": {"size": "M"}}]),
    identifiers=st.sampled_from(
        [(), (("phone", "+84912345678", True, NOON),), (("phone", "+84987654321", False, NOON),)]
    ),
)


@given(st.lists(told, max_size=5, unique_by=lambda row: row.record), st.randoms(use_true_random=False))
def test_the_golden_record_does_not_depend_on_the_order_of_its_sources(rows, shuffle):
    shuffled = list(rows)
    shuffle.shuffle(shuffled)
    assert survive(rows) == survive(shuffled)


def test_corrected_beats_proven_beats_trust_beats_newest():
    base = Told(record=1, weight=0, trust=50, told_at=NOON, name="First")
    newer = replace(base, record=2, name="Newer", told_at=NOON.replace(hour=6))
    trusted = replace(base, record=3, name="Trusted", trust=80)
    proven = replace(base, record=4, name="Proven", weight=1, trust=10)
    corrected = replace(base, record=5, name="Corrected", weight=2, trust=10)
    for best, among in [
        (newer, [base, newer]),
        (trusted, [newer, trusted]),
        (proven, [trusted, proven]),
        (corrected, [proven, corrected]),
    ]:
        golden = survive(among)
        assert (golden.values["name"], golden.provenance["name"]) == (best.name, best.record)


def test_the_search_text_holds_every_way_to_ask():
    words = search_text("Nguyễn Thị Lan", "+84912345678", "lan@example.com", {"OM77"}).split()
    assert words[:3] == ["nguyen", "thi", "lan"]
    assert {"+84912345678", "84912345678", "0912345678", "912345678", "345678", "5678", "om77"} <= set(words)
