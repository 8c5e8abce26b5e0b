"""The customers of the demo retailer: 2,000 people as several channels know them."""

from datetime import date, datetime, timedelta
from random import Random

from customers.models import Consent, Customer, CustomerFacts, LinkDecision, Membership, SourceRecord
from omni.core.models import Channel
from omni.core.text import fold

FAMILY = (
    ["Nguyễn"] * 38
    + ["Trần"] * 11
    + ["Lê"] * 10
    + ["Phạm"] * 7
    + ["Hoàng"] * 5
    + ["Huỳnh"] * 5
    + ["Phan"] * 4
    + ["Vũ"] * 4
    + ["Võ"] * 4
    + ["Đặng"] * 3
    + ["Bùi"] * 3
    + ["Đỗ"] * 2
    + ["Hồ", "Ngô", "Dương", "Lý"]
)
WOMEN = [
    "Lan",
    "Hoa",
    "Hương",
    "Mai",
    "Linh",
    "Trang",
    "Thảo",
    "Ngọc",
    "Phương",
    "Hà",
    "Thu",
    "Yến",
    "Nhung",
    "Vy",
    "Quỳnh",
    "Châu",
]
MEN = [
    "Minh",
    "Hùng",
    "Dũng",
    "Tuấn",
    "Nam",
    "Long",
    "Khoa",
    "Đức",
    "Huy",
    "Phúc",
    "Bảo",
    "Quân",
    "Thành",
    "Kiên",
    "Sơn",
    "Việt",
]
WOMEN_MIDDLE = ["Thị", "Ngọc", "Thanh", "Kim", "Thu", "Mỹ", "Bích", "Hồng"]
MEN_MIDDLE = ["Văn", "Hữu", "Đức", "Quang", "Minh", "Anh", "Quốc", "Xuân"]
PREFIXES = [
    "32",
    "33",
    "34",
    "35",
    "36",
    "37",
    "38",
    "39",
    "70",
    "76",
    "77",
    "78",
    "79",
    "81",
    "82",
    "83",
    "84",
    "85",
    "90",
    "91",
    "93",
    "96",
    "97",
    "98",
]
PROVINCES = ["TP. Hồ Chí Minh", "Hà Nội", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Đồng Nai", "Khánh Hòa", "Lâm Đồng"]

COUNT = 2000


def make_customers(*, now: datetime, random: Random) -> list[SourceRecord]:
    """2,000 customers, a third of them known by a second channel too; returns one record each to buy with."""
    channels = {channel.code: channel for channel in Channel.objects.filter(can_sell=True)}
    people = [_person(index, random, now) for index in range(COUNT)]
    customers = Customer.objects.bulk_create([person["customer"] for person in people])
    first = SourceRecord.objects.bulk_create([_record(p, channels[p["channel"]], p["since"]) for p in people])
    again = [index for index in range(COUNT) if index % 3 == 0]
    second = SourceRecord.objects.bulk_create(
        [_record(people[i], channels[people[i]["other"]], people[i]["since"] + timedelta(days=2)) for i in again]
    )
    owners = {record.pk: customers[i] for i, record in enumerate(first)} | {
        record.pk: customers[i] for i, record in zip(again, second, strict=True)
    }
    Membership.objects.bulk_create(Membership(source_record_id=pk, customer=owner) for pk, owner in owners.items())
    _identify(people, first, list(zip(again, second, strict=True)))
    LinkDecision.objects.bulk_create(
        LinkDecision(
            left=first[i], right=record, verdict=LinkDecision.Verdict.SAME, decided_by="rules",
            reason="phone+name", decided_at=record.created_at,
        )
        for i, record in zip(again, second, strict=True)
    )  # fmt: skip
    Consent.objects.bulk_create(
        Consent(
            source_record=record, purpose="marketing", channel_kind=Channel.Kind.EMAIL, granted=random.random() < 0.8,
            proof={"how": "sign-up form", "wording": "2026-01"}, given_at=record.created_at,
        )
        for record in first[::2]
    )  # fmt: skip
    CustomerFacts.objects.bulk_create(CustomerFacts(customer=customer) for customer in customers)
    return first


def _person(index: int, random: Random, now: datetime) -> dict:  # type: ignore[type-arg]
    woman = random.random() < 0.62
    name = " ".join(
        [
            random.choice(FAMILY),
            random.choice(WOMEN_MIDDLE if woman else MEN_MIDDLE),
            random.choice(WOMEN if woman else MEN),
        ]
    )
    phone = f"+84{random.choice(PREFIXES)}{index * 4999 % 10_000_000:07d}"
    email = f"{fold(name).replace(' ', '.')}{index}@example.com" if index % 5 else ""
    since = now - timedelta(days=random.randint(91, 500), minutes=random.randint(0, 1440))
    channel, other = random.sample(["web", "app", "till", "social"], 2)
    birth = date(random.randint(1965, 2007), random.randint(1, 12), random.randint(1, 28)) if index % 4 else None
    card = f"2900{index:09d}" if index % 2 else ""
    customer = Customer(
        name=name, phone=phone, email=email, birth_date=birth, created_at=since,
        address={"province": random.choice(PROVINCES)},
    )  # fmt: skip
    return {
        "customer": customer, "name": name, "phone": phone, "email": email, "birth": birth, "card": card,
        "since": since, "channel": channel, "other": other, "index": index,
    }  # fmt: skip


def _record(person: dict, channel: Channel, created_at: datetime) -> SourceRecord:  # type: ignore[type-arg]
    return SourceRecord(
        channel=channel,
        external_id=f"{channel.code}-{person['index']:05d}",
        name=person["name"],
        birth_date=person["birth"],
        told={"name": person["name"]},
        created_at=created_at,
    )
