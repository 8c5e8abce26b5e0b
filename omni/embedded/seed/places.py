"""The stores, the channels and the staff of the demo retailer."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.models import Group, User

from omni.core.models import Channel, Location, StaffPlace
from omni.core.secrets import new_code
from omni.desk.roles import ensure_roles

DAILY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# code, name, address, province, latitude, longitude, opens, closes
STORES = [
    (
        "hcm-q1",
        "Mây Nguyễn Huệ",
        "68 Nguyễn Huệ, Phường Sài Gòn",
        "TP. Hồ Chí Minh",
        10.7741,
        106.7038,
        "08:30",
        "22:00",
    ),
    (
        "hcm-td",
        "Mây Thủ Đức",
        "216 Võ Văn Ngân, Phường Thủ Đức",
        "TP. Hồ Chí Minh",
        10.8506,
        106.7649,
        "09:00",
        "21:30",
    ),
    ("hn-hk", "Mây Tràng Tiền", "24 Tràng Tiền, Phường Cửa Nam", "Hà Nội", 21.0245, 105.8550, "08:30", "21:30"),
    ("dn-hc", "Mây Bạch Đằng", "112 Bạch Đằng, Phường Hải Châu", "Đà Nẵng", 16.0699, 108.2247, "08:30", "21:30"),
    ("ct-nk", "Mây Ninh Kiều", "45 Hai Bà Trưng, Phường Ninh Kiều", "Cần Thơ", 10.0340, 105.7880, "08:30", "21:00"),
    ("hp-hb", "Mây Hồng Bàng", "9 Điện Biên Phủ, Phường Hồng Bàng", "Hải Phòng", 20.8600, 106.6830, "08:30", "21:00"),
]
WAREHOUSE = (
    "kho-bd",
    "Kho Bình Dương",
    "Đường DT743, Phường Dĩ An",
    "TP. Hồ Chí Minh",
    10.9057,
    106.7690,
    "07:00",
    "19:00",
)

# code, name, kind, trust in what it says of customers
SELLING = [
    ("web", "Website", Channel.Kind.WEB, 60),
    ("app", "App", Channel.Kind.APP, 70),
    ("till", "Quầy thu ngân", Channel.Kind.STORE, 90),
    ("call", "Tổng đài", Channel.Kind.CALL_CENTER, 80),
    ("shopee", "Shopee", Channel.Kind.MARKETPLACE, 30),
    ("social", "Facebook & Instagram", Channel.Kind.SOCIAL, 40),
]

# user name, full name, role, store codes
STAFF = [
    ("lan", "Lan Phạm", "Store clerk", ["hcm-q1"]),
    ("minh", "Minh Trần", "Store manager", ["hcm-q1", "hcm-td"]),
    ("hoa", "Hoa Lê", "Support", []),
    ("duc", "Đức Nguyễn", "Merchandiser", []),
    ("thu", "Thu Vũ", "Analyst", []),
    ("son", "Sơn Đặng", "Operator", []),
]


def make_places(*, now: datetime) -> None:
    """Six stores across the country and the warehouse that serves them."""
    for row in [*STORES, WAREHOUSE]:
        code, name, address, province, latitude, longitude, opens, closes = row
        store = row is not WAREHOUSE
        Location.objects.create(
            code=code,
            name=name,
            kind=Location.Kind.STORE if store else Location.Kind.WAREHOUSE,
            address=address,
            province=province,
            latitude=latitude,
            longitude=longitude,
            opening_hours={day: [opens, closes] for day in DAILY},
            can_pick_up=store,
            can_curbside=store,
            can_ship=True,
        )


def make_channels(*, now: datetime) -> None:
    """Six that sell, and the two that carry messages; where they are reached is told at each start."""
    for code, name, kind, trust in SELLING:
        Channel.objects.create(
            code=code, name=name, kind=kind, trust=trust, adapter="reference", can_sell=True, can_show=True
        )
    Channel.objects.create(code="email", name="E-mail", kind=Channel.Kind.EMAIL, adapter="smtp", can_message=True)
    Channel.objects.create(code="sms", name="SMS", kind=Channel.Kind.SMS, adapter="sms_gateway", can_message=True)


def make_passwords() -> dict[str, str]:
    """For the owner and every colleague, by user name; made at random, to be told once."""
    return {username: _password() for username in ("admin", *(row[0] for row in STAFF))}


def make_staff(*, hashed: Mapping[str, str]) -> None:
    """The owner and colleagues of every role at their stores, with the hashes of their passwords."""
    ensure_roles()
    User.objects.create(
        username="admin", password=hashed["admin"], first_name="Chủ cửa hàng", is_staff=True, is_superuser=True
    )
    for username, full_name, role, stores in STAFF:
        first, _, last = full_name.partition(" ")
        user = User.objects.create(
            username=username, password=hashed[username], first_name=first, last_name=last, is_staff=True
        )
        user.groups.add(Group.objects.get(name=role))
        StaffPlace.objects.bulk_create(
            StaffPlace(user=user, location=location) for location in Location.objects.filter(code__in=stores)
        )


def _password() -> str:
    return f"{new_code(4)}-{new_code(4)}-{secrets.token_hex(2)}".lower()
