"""Who is who: what joins two people's records, and what never does."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.audit import CHECKS
from customers.codes import WrongCode, ask_code, make_code
from customers.identity import Claim, identify, merge, unmerge
from customers.models import Customer, Identifier, LinkDecision, Membership, ReviewPair, SourceRecord
from customers.queries import customer_of, primary_record, records_of
from omni.core.models import OutboxMessage
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db

LAN, MINH = "Nguyễn Thị Lan", "Trần Văn Minh"
PHONE = "0912345678"


@pytest.fixture
def app(db):
    return ChannelFactory.create(code="app", kind="app")


@pytest.fixture
def till(db):
    return ChannelFactory.create(code="till", kind="store")


def sent_code(value, channel, now, kind="phone"):
    row = ask_code(kind=kind, value=value, channel=channel, now=now)
    return make_code(sign_in_code_id=row.pk, now=now)[0]


def audit():
    return [wrong for check in CHECKS for wrong in check.look().wrong]


def test_lan_signs_up_in_the_app_and_is_found_at_the_till_by_her_verified_phone(app, till, now):
    first = person(LAN, phone="0912 345 678", channel=app, now=now)
    assert first.created
    assert first.matched_by is None

    second = identify(
        channel=till,
        claims=[Claim("phone", "+84912345678", verified=True), Claim("email", "Lan@Example.com")],
        name="Nguyen Thi Lan",
        now=now,
    )

    assert second.customer == first.customer
    assert second.matched_by == "phone+name"
    assert not second.created
    lan = Customer.objects.get(pk=first.customer.pk)
    assert (lan.name, lan.phone, lan.email) == (LAN, "+84912345678", "lan@example.com")
    assert lan.provenance["email"] == second.source_record.pk
    assert audit() == []


def test_a_stranger_with_the_same_phone_is_another_customer(app, till, now):
    lan = person(LAN, phone=PHONE, verified=True, channel=app, now=now)
    stranger = person(MINH, phone=PHONE, channel=till, now=now)
    assert stranger.customer != lan.customer
    assert stranger.created
    assert not ReviewPair.objects.exists()


def test_an_old_eleven_digit_number_is_the_same_phone(app, till, now):
    lan = person(LAN, phone="0168 234 5678", verified=True, channel=app, now=now)
    assert person(LAN, phone="038 234 5678", channel=till, now=now).customer == lan.customer


def test_the_same_name_and_phone_without_proof_is_put_before_a_person(app, till, now):
    one = person(LAN, phone=PHONE, channel=app, now=now)
    other = person(LAN, phone=PHONE, channel=till, now=now)
    assert other.customer != one.customer
    review = ReviewPair.objects.get()
    assert (review.left, review.right) == (one.source_record, other.source_record)
    assert PHONE[1:] not in str(review.evidence)
    assert not LinkDecision.objects.exists()


def test_telling_the_same_again_changes_nothing(app, till, now):
    first = person(LAN, phone=PHONE, channel=app, now=now)
    again = person(LAN, phone="+84912345678", channel=app, now=now + timedelta(days=1))
    assert again.source_record == first.source_record
    assert not again.created
    assert again.matched_by == "same_words"
    assert person(LAN, phone=PHONE, channel=till, now=now).source_record != first.source_record


def test_a_channels_own_id_is_one_person_whatever_it_tells_later(app, now):
    first = person(LAN, channel=app, external_id="u-1", now=now)
    again = person(LAN, channel=app, external_id="u-1", phone=PHONE, now=now)
    assert again.source_record == first.source_record
    assert again.customer.phone == "+84912345678"
    married = person("Nguyễn Lan Vy", channel=app, external_id="u-1", now=now + timedelta(days=9))
    assert married.customer == first.customer
    assert married.source_record != first.source_record
    assert married.matched_by == "external_id"
    assert person("Nguyễn Lan Vy", channel=app, external_id="u-1", now=now).source_record == married.source_record
    assert Customer.objects.get(pk=first.customer.pk).name == "Nguyễn Lan Vy"
    assert SourceRecord.objects.count() == 2
    assert audit() == []


def test_another_birth_year_or_another_card_keeps_two_people_apart(app, till, now):
    person(LAN, phone=PHONE, verified=True, channel=app, birth_date=date(1990, 5, 1), now=now)
    mother = person(LAN, phone=PHONE, verified=True, channel=till, birth_date=date(1961, 5, 1), now=now)
    assert mother.created
    holder = person(MINH, email="minh@example.com", verified=True, card="C1", channel=app, now=now)
    assert person(MINH, email="minh@example.com", verified=True, card="C2", channel=till, now=now).created
    assert person("", card="C1", channel=till, now=now).customer == holder.customer
    assert audit() == []


def test_a_record_that_fits_two_people_who_differ_joins_only_one(app, till, now):
    lan = person(LAN, phone=PHONE, verified=True, birth_date=date(1990, 1, 1), channel=app, now=now)
    other = person(LAN, email="lan@example.com", verified=True, birth_date=date(1961, 1, 1), channel=app, now=now)
    both = person(LAN, phone=PHONE, email="lan@example.com", verified=True, channel=till, now=now)
    assert both.customer == other.customer
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert lan.customer.pk != both.customer.pk
    assert ReviewPair.objects.filter(settled_at=None).count() == 1


def test_a_record_that_fits_two_customers_of_one_person_makes_them_one(app, till, now):
    by_phone = person(LAN, phone=PHONE, verified=True, channel=app, now=now)
    by_email = person(LAN, email="lan@example.com", verified=True, channel=app, now=now)
    both = person(LAN, phone=PHONE, email="lan@example.com", verified=True, channel=till, now=now)
    assert both.customer == by_phone.customer
    assert Customer.objects.get(pk=by_email.customer.pk).merged_into == by_phone.customer
    assert OutboxMessage.objects.get(kind="customer.merged").payload == {"absorbed": [by_email.customer.pk]}
    assert audit() == []


def test_a_number_that_many_people_give_joins_nobody(app, till, now):
    for given_name in ("Hoa", "Mai", "Cúc", "Trúc", "Đào", "Sen"):
        person(f"Nguyễn Thị {given_name}", phone=PHONE, channel=app, now=now)
    person(LAN, phone=PHONE, channel=app, now=now)
    reviews = ReviewPair.objects.count()
    lan = person(LAN, phone=PHONE, verified=True, channel=till, now=now)
    assert lan.created
    assert ReviewPair.objects.count() == reviews


def test_a_recycled_number_goes_to_who_proves_it_with_our_code(app, till, now):
    lan = person(LAN, phone=PHONE, verified=True, channel=app, now=now)
    later = now + timedelta(days=400)

    said = person(MINH, phone=PHONE, verified=True, channel=till, now=later)
    assert Identifier.objects.get(source_record=lan.source_record).valid_until is None
    assert Identifier.objects.get(source_record=said.source_record).verified_at is None

    code = sent_code(PHONE, till, later)
    minh = identify(channel=till, claims=[Claim("phone", PHONE, code=code)], name=MINH, now=later)
    assert minh.customer == said.customer != lan.customer
    assert Identifier.objects.get(source_record=lan.source_record).valid_until == later
    assert Identifier.objects.get(source_record=minh.source_record).verified_by == "code"
    assert Customer.objects.get(pk=lan.customer.pk).phone == ""
    assert audit() == []


def test_a_wrong_code_is_counted_and_nothing_else_happens(till, now):
    right = sent_code(PHONE, till, now)
    with pytest.raises(WrongCode):
        identify(channel=till, claims=[Claim("phone", PHONE, code="12")], name=LAN, now=now)
    assert not SourceRecord.objects.exists()
    identify(channel=till, claims=[Claim("phone", PHONE, code=right)], name=LAN, now=now)
    assert SourceRecord.objects.count() == 1


def test_merge_and_unmerge_bring_back_who_was_there(app, till, now):
    lan, double = person(LAN, phone=PHONE, channel=app, now=now), person(LAN, phone=PHONE, channel=till, now=now)
    merged = merge(keep=double.customer, absorb=lan.customer, reason="Her word", by="staff:mai", now=now)
    assert merged == lan.customer
    assert records_of(lan.customer.pk) == [lan.source_record.pk, double.source_record.pk]
    assert ReviewPair.objects.get().settled_by == "staff:mai"
    parted = unmerge(customer=merged, source_records=[double.source_record.pk], reason="Twins", by="staff:mai", now=now)
    assert parted == [lan.customer, double.customer]
    assert Customer.objects.get(pk=double.customer.pk).merged_into is None
    assert customer_of(double.source_record.pk) == double.customer
    # The rules do not undo what a person said.
    person(LAN, phone=PHONE, verified=True, channel=till, now=now)
    assert customer_of(lan.source_record.pk) != customer_of(double.source_record.pk)
    assert audit() == []


def test_a_record_that_was_never_elsewhere_becomes_a_new_customer(app, till, now):
    lan = person(LAN, phone=PHONE, verified=True, channel=app, now=now)
    second = person(LAN, phone=PHONE, verified=True, channel=till, now=now)
    assert second.customer == lan.customer
    stayed, fresh = unmerge(
        customer=lan.customer, source_records=[lan.source_record.pk], reason="No", by="staff:mai", now=now
    )
    assert stayed == lan.customer
    assert records_of(stayed.pk) == [second.source_record.pk]
    assert records_of(fresh.pk) == [lan.source_record.pk]
    assert primary_record(fresh) == lan.source_record
    assert audit() == []


PEOPLE = [("Nguyễn Thị Lan", 1990), ("Trần Văn Minh", 1985), ("Lê Thị Hoa", 1971)]
telling = st.tuples(
    st.sampled_from(range(len(PEOPLE))),
    st.sampled_from(["app", "till", "web"]),
    # Everybody may give the family's phone; what is proven is one's own.
    st.sets(st.sampled_from(["family", "own_phone", "own_email", "card"]), min_size=1),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(tellings=st.lists(telling, min_size=2, max_size=6), shuffle=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(tellings, shuffle, django_db_blocker, now):
    from django.db import transaction

    def partition(order):
        found = {}
        with transaction.atomic():
            for number in order:
                who, channel, kinds, proven, nameless = tellings[number]
                name, year = PEOPLE[who]
                values = {
                    "family": ("phone", "0900000001"),
                    "own_phone": ("phone", f"091000000{who}"),
                    "own_email": ("email", f"p{who}@example.com"),
                    "card": ("card", f"C{who}"),
                }
                done = identify(
                    channel=ChannelFactory.create(code=channel, kind="store"),
                    claims=[Claim(*values[kind], verified=proven and kind != "family") for kind in sorted(kinds)],
                    name="" if nameless else name,
                    birth_date=None if nameless else date(year, 1, 1),
                    # Its own words, so that no two tellings are the same record.
                    told={"preferences": {"telling": str(number)}},
                    now=now,
                )
                found[number] = done.source_record.pk
            members = dict(Membership.objects.values_list("pk", "customer_id"))
            golden = {
                number: Customer.objects.values_list("name", "phone", "email", "birth_date").get(pk=members[record])
                for number, record in found.items()
            }
            groups = {
                frozenset(other for other in found if members[found[other]] == members[found[number]])
                for number in found
            }
            assert audit() == []
            transaction.set_rollback(True)
        return groups, golden

    order = list(range(len(tellings)))
    shuffled = list(order)
    shuffle.shuffle(shuffled)
    assert partition(order) == partition(shuffled)
