"""What makes two records one person, as values."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.matching import Evidence, Known, judge

LAN, MINH = "Nguyễn Thị Lan", "Trần Văn Minh"


def told(name="", *known, born=None):
    return Evidence(name, born, frozenset(known))


def phone(proven=False, generic=False, value="+84912345678"):
    return Known("phone", value, proven, generic)


def card(value="C1"):
    return Known("card", value, proven=True)


@pytest.mark.parametrize(
    ("one", "other", "outcome", "reason"),
    [
        # A phone alone joins nobody.
        (told("", phone()), told("", phone()), "apart", "phone, not proven"),
        (told(LAN, phone()), told(MINH, phone()), "apart", "phone, name differs"),
        (told(LAN, phone(proven=True)), told(MINH, phone()), "apart", "phone, name differs"),
        (told(LAN, phone(proven=True)), told(MINH, phone(proven=True)), "apart", "phone, name differs"),
        # The same name and phone, but nobody proved anything: a colleague looks.
        (told(LAN, phone()), told("Nguyen Thi Lan", phone()), "review", "phone+name, not proven"),
        (told(LAN, phone(proven=True)), told("Lan", phone()), "review", "phone+name, not proven"),
        (told(LAN, phone(proven=True)), told("", phone()), "review", "phone, not proven"),
        # Proven on one side, the full name agrees; proven on both, the given name does.
        (told(LAN, phone(proven=True)), told("Nguyen Thi Lan", phone()), "joined", "phone+name"),
        (told(LAN, phone(proven=True)), told("Lan", phone(proven=True)), "joined", "phone+name"),
        (told(LAN, phone(proven=True)), told("", phone(proven=True)), "joined", "phone"),
        # A card joins, unless something contradicts.
        (told(LAN, card()), told("", card()), "joined", "card"),
        (told(LAN, card(), phone(proven=True)), told(LAN, card(), phone(proven=True)), "joined", "card+name"),
        (told(LAN, card()), told(MINH, card()), "review", "card, name differs"),
        (
            told(LAN, phone(proven=True), born=date(1990, 1, 1)),
            told(LAN, phone(proven=True), born=date(1961, 1, 1)),
            "apart",
            "phone, birth_date differs",
        ),
        (
            told(LAN, phone(proven=True), card("C1")),
            told(LAN, phone(proven=True), card("C2")),
            "apart",
            "phone, card differs",
        ),
        # A switchboard's number says nothing.
        (told(LAN, phone(True, True)), told(LAN, phone(True, True)), "apart", "nothing_shared"),
        (told(LAN), told(LAN), "apart", "nothing_shared"),
        (told(LAN, Known("device", "d1", True)), told(LAN, Known("device", "d1", True)), "apart", "nothing_shared"),
    ],
)
def test_the_rules(one, other, outcome, reason):
    verdict = judge(one, other)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_accounts_of_two_networks_do_not_contradict():
    one = told(LAN, phone(proven=True), Known("social", "zalo:1", True))
    other = told(LAN, phone(proven=True), Known("social", "facebook:9", True))
    assert judge(one, other).outcome == "joined"


known = st.builds(
    Known, st.sampled_from(["phone", "email", "card", "social"]), st.sampled_from(["a", "b", "zalo:1"]), st.booleans()
)
evidence = st.builds(
    Evidence,
    st.sampled_from(["", LAN, "Lan", MINH, "Nguyen Thi Lan"]),
    st.sampled_from([None, date(1990, 1, 1), date(1961, 1, 1)]),
    st.frozensets(known, max_size=4),
)


@given(evidence, evidence)
def test_the_verdict_is_the_same_from_both_sides(one, other):
    assert judge(one, other) == judge(other, one)
