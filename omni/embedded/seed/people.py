"""The customers of the demo retailer: 2,000 people as several channels know them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from customers.identity import golden
from customers.models import Consent, Customer, CustomerFacts, Identifier, LinkDecision, Membership, SourceRecord
from omni.core.models import Channel
from omni.core.text import fold

FAMILY = {
    "Nguyễn": 38, "Trần": 11, "Lê": 10, "Phạm": 7, "Hoàng": 5, "Huỳnh": 5, "Phan": 4, "Vũ": 4, "Võ": 4, "Đặng": 3,
    "Bùi": 3, "Đỗ": 2, "Hồ": 1, "Ngô": 1, "Dương": 1, "Lý": 1,
}  # fmt: skip
WOMEN = (
    "Lan Hoa Hương Mai Linh Trang Thảo Ngọc Phương Hà Thu Yến Nhung Vy Quỳnh Châu",
    "Thị Ngọc Thanh Kim Thu Mỹ Bích Hồng",
)
MEN = (
    "Minh Hùng Dũng Tuấn Nam Long Khoa Đức Huy Phúc Bảo Quân Thành Kiên Sơn Việt",
    "Văn Hữu Đức Quang Minh Anh Quốc Xuân",
)
PREFIXES = "32 33 34 35 36 37 38 39 70 76 77 78 79 81 82 83 84 85 90 91 93 96 97 98"
COUNT = 2000


@dataclass(frozen=True, slots=True)
class Person:
    """One person and the channels that know them; every third is known by two."""

    index: int
    name: str
    phone: str
    email: str
    card: str
    birth: date | None
    since: datetime
    channels: tuple[str, ...]


def make_customers(*, now: datetime, random: Random) -> list[SourceRecord]:
    """Write 2,000 customers and all that hangs on them; returns one source record of each, to buy with."""
    channels = {channel.code: channel for channel in Channel.objects.filter(can_sell=True)}
    people = [_person(index, random, now) for index in range(COUNT)]
    told = [(person, place, channels[code]) for person in people for place, code in enumerate(person.channels)]
    records = SourceRecord.objects.bulk_create(_record(person, place, channel) for person, place, channel in told)
    identifiers = [
        identifier
        for (person, place, _), record in zip(told, records, strict=True)
        for identifier in _identifiers(person, record, first=place == 0)
    ]
    mine: dict[int, list[SourceRecord]] = {}
    for (person, _, _), record in zip(told, records, strict=True):
        mine.setdefault(person.index, []).append(record)
    of_record: dict[int, list[Identifier]] = {}
    for identifier in identifiers:
        of_record.setdefault(identifier.source_record_id, []).append(identifier)
    customers = Customer.objects.bulk_create(_customer(p, mine[p.index], of_record) for p in people)
    Identifier.objects.bulk_create(identifiers)
    Membership.objects.bulk_create(
        Membership(source_record=record, customer=customer, first_customer=customer)
        for person, customer in zip(people, customers, strict=True)
        for record in mine[person.index]
    )
    LinkDecision.objects.bulk_create(
        LinkDecision(
            left=both[0], right=both[1], verdict=LinkDecision.Verdict.SAME, decided_by="rules", reason="phone+name",
            decided_at=both[1].created_at,
        )
        for both in mine.values() if len(both) == 2
    )  # fmt: skip
    Consent.objects.bulk_create(
        Consent(
            source_record=mine[person.index][0], purpose="marketing", channel_kind=Channel.Kind.EMAIL,
            granted=random.random() < 0.8, proof={"how": "sign-up form", "wording": "2026-01"}, given_at=person.since,
        )
        for person in people if person.email
    )  # fmt: skip
    CustomerFacts.objects.bulk_create(CustomerFacts(customer=customer) for customer in customers)
    return [mine[person.index][0] for person in people]


def _person(index: int, random: Random, now: datetime) -> Person:
    given, middle = WOMEN if random.random() < 0.62 else MEN
    family = random.choices(list(FAMILY), weights=list(FAMILY.values()))[0]
    name = f"{family} {random.choice(middle.split())} {random.choice(given.split())}"
    channels = random.sample(["web", "app", "till", "social"], 2)
    return Person(
        index=index,
        name=name,
        phone=f"+84{random.choice(PREFIXES.split())}{(index * 49_993 + 1_234_567) % 10_000_000:07d}",
        email=f"{fold(name).replace(' ', '.')}{index}@example.com" if index % 5 else "",
        card=f"2900{index:09d}" if index % 2 else "",
        birth=date(random.randint(1965, 2007), random.randint(1, 12), random.randint(1, 28)) if index % 4 else None,
        since=now - timedelta(days=random.randint(95, 500), minutes=random.randint(0, 1440)),
        channels=tuple(channels[: 2 if index % 3 == 0 else 1]),
    )


def _record(person: Person, place: int, channel: Channel) -> SourceRecord:
    return SourceRecord(
        channel=channel,
        external_id=f"{channel.code}-{person.index:05d}",
        name=person.name,
        birth_date=person.birth,
        told={"name": person.name, "phone": person.phone, "email": person.email},
        created_at=person.since + timedelta(days=2 * place),
    )


def _identifiers(person: Person, record: SourceRecord, *, first: bool) -> list[Identifier]:
    """Every record tells the phone; the first one proved it, and knows e-mail and card too."""
    kinds = {"phone": person.phone, "email": person.email if first else "", "card": person.card if first else ""}
    return [
        Identifier(
            source_record=record,
            kind=kind,
            value=value,
            verified_at=record.created_at if first and kind != "email" else None,
            verified_by="code" if first and kind == "phone" else "channel" if first and kind == "card" else "",
            proven=first and kind != "email",
            valid_from=record.created_at,
        )
        for kind, value in kinds.items()
        if value
    ]


def _customer(person: Person, records: list[SourceRecord], of_record: dict[int, list[Identifier]]) -> Customer:
    """The golden record, by the same rules as any other."""
    told = []
    for record in records:
        known = tuple((one.kind, one.value, one.proven, one.valid_from) for one in of_record.get(record.pk, []))
        told.append(
            golden.Told(
                record=record.pk,
                weight=int(any(one[2] for one in known)),
                trust=record.channel.trust,
                told_at=record.created_at,
                name=record.name,
                birth_date=record.birth_date,
                identifiers=known,
            )
        )
    found = golden.survive(told)
    text = golden.search_text(person.name, person.phone, person.email, {person.phone, person.email, person.card} - {""})
    return Customer(**found.values, provenance=found.provenance, search_text=text, created_at=person.since)
