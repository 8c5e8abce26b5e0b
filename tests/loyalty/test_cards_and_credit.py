"""Gift cards and store credit."""

from datetime import timedelta

import pytest

from loyalty import gift_cards, store_credit
from loyalty.gift_cards import AlreadyTold, BadAmount, GiftCardShort, GiftCardUnknown, OverRefund
from loyalty.models import Entry, GiftCard
from omni.core.errors import NotFound
from omni.core.secrets import ALPHABET
from tests.factories.loyalty import make_member
from tests.loyalty.helpers import books_are_right, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def card(now):
    return gift_cards.issue(amount=500_000, currency="VND", by="key:till", now=now, payment="cash")


@pytest.fixture
def number(card, now):
    return gift_cards.tell_number(gift_card_id=card.pk, now=now)


def left(number, now):
    return gift_cards.balance(number, now=now).balance


def test_a_card_is_known_by_its_number_which_is_told_once_and_not_kept(card, number, now):
    assert left(number, now) == 500_000
    assert left(number.lower().replace("-", " "), now) == 500_000
    assert number.endswith(card.last4)
    with refused(AlreadyTold):
        gift_cards.tell_number(gift_card_id=card.pk, now=now)
    kept = GiftCard.objects.values_list("fingerprint", "last4").get()
    assert number.replace("-", "") not in "".join(kept)


def test_a_number_is_found_wrong_by_one_letter_or_two_that_changed_places(number, now):
    plain = number.replace("-", "")
    other = ALPHABET[(ALPHABET.index(plain[3]) + 1) % len(ALPHABET)]
    for wrong in [plain[:3] + other + plain[4:], plain[1] + plain[0] + plain[2:], plain[:15], "", "Ω" * 16]:
        if wrong != plain:
            with refused(GiftCardUnknown):
                gift_cards.balance(wrong, now=now)


def test_a_card_pays_an_order_once(number, now):
    for _again in range(2):
        gift_cards.spend(number=number, amount=200_000, order="W-1", by="key:till", now=now)
    assert left(number, now) == 300_000
    gift_cards.spend(number=number, amount=200_000, order="W-1", by="key:till", now=now, payment="P-2")
    assert left(number, now) == 100_000
    books_are_right()


def test_too_much_is_refused_and_nothing_is_taken(number, now):
    with refused(GiftCardShort) as refusal:
        gift_cards.spend(number=number, amount=500_001, order="W-1", by="key:till", now=now)
    assert refusal.value.details == {"requested": 500_001, "available": 500_000}
    assert left(number, now) == 500_000


def test_unknown_untold_and_foreign_cards_get_one_answer(card, number, now):
    for spent in [{"number": "ABCD-EFGH-JKMN-PQRS"}, {"number": number, "currency": "USD"}]:
        with refused(GiftCardUnknown):
            gift_cards.spend(**spent, amount=1, order="W-1", by="x", now=now)
    with refused(NotFound):
        gift_cards.tell_number(gift_card_id=0, now=now)
    with refused(NotFound):
        gift_cards.refund(gift_card_id=0, amount=1, source=("return", "R-1"), by="x", now=now)


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_that_are_no_amounts_are_refused(card, number, now, amount):
    record = make_member()[1][0]
    credit = {"amount": amount, "currency": "VND", "by": "x", "now": now}
    for act in [
        lambda: gift_cards.issue(amount=amount, currency="VND", by="x", now=now),
        lambda: gift_cards.spend(number=number, amount=amount, order="W-1", by="x", now=now),
        lambda: gift_cards.refund(gift_card_id=card.pk, amount=amount, source=("r", "1"), by="x", now=now),
        lambda: store_credit.credit(source_record=record, source=("r", "1"), **credit),
        lambda: store_credit.spend(source_records=[record], order="W-1", **credit),
        lambda: store_credit.refund(order="W-1", source=("r", "1"), **credit),
    ]:
        with refused(BadAmount):
            act()
    assert Entry.objects.count() == 1


def test_an_ended_card_pays_nothing(now):
    card = gift_cards.issue(amount=1_000, currency="VND", by="x", now=now, expires_at=now + timedelta(days=1))
    number = gift_cards.tell_number(gift_card_id=card.pk, now=now)
    later = now + timedelta(days=1)
    assert left(number, later) == 0
    with refused(GiftCardShort):
        gift_cards.spend(number=number, amount=1, order="W-1", by="x", now=later)


def test_what_a_card_paid_comes_back_to_it_and_no_more(card, number, now):
    gift_cards.spend(number=number, amount=200_000, order="W-1", by="x", now=now)
    back = {"gift_card_id": card.pk, "by": "x", "now": now}
    for _again in range(2):
        gift_cards.refund(**back, amount=150_000, source=("return", "R-1"))
    assert left(number, now) == 450_000
    with refused(OverRefund):
        gift_cards.refund(**back, amount=50_001, source=("return", "R-2"))
    gift_cards.refund(**back, amount=50_000, source=("return", "R-2"))
    assert left(number, now) == 500_000
    books_are_right()


def test_store_credit_is_spent_over_all_records_and_comes_back_to_them(now):
    first, second = records = make_member(records=2)[1]
    give = {"currency": "VND", "by": "x", "now": now}
    for _again in range(2):
        store_credit.credit(source_record=first, amount=100, source=("return", "R-1"), **give)
    store_credit.credit(source_record=second, amount=50, source=("return", "R-2"), **give)
    assert store_credit.balance_of_credit(records, "VND") == 150

    with refused(store_credit.StoreCreditShort):
        store_credit.spend(source_records=records, amount=151, order="W-1", **give)
    for _again in range(2):
        spent = store_credit.spend(source_records=records, amount=120, order="W-1", **give)
        assert spent.amount == 120
    assert store_credit.balance_of_credit([first], "VND") == 0
    assert store_credit.balance_of_credit([second], "VND") == 30

    for _again in range(2):
        assert store_credit.refund(order="W-1", amount=110, source=("return", "R-3"), **give) == 110
    assert store_credit.balance_of_credit(records, "VND") == 140
    with refused(OverRefund):
        store_credit.refund(order="W-1", amount=11, source=("return", "R-4"), **give)
    assert store_credit.balance_of_credit(records, "USD") == 0
    books_are_right()
