"""One spelling for one thing."""

import pytest

from customers import normalise
from customers.normalise import BadEmail, BadIdentifier, BadPhone

MOVED = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036",
    "0167": "037", "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_a_number_from_before_2018_is_the_number_of_today(old, new):
    assert normalise.phone(f"{old}2345678") == f"+84{new[1:]}2345678"
    assert normalise.phone(f"+84 {old[1:]} 234 5678") == f"+84{new[1:]}2345678"


@pytest.mark.parametrize("value", ["0912345678", "0912.345.678", "+84 912 345 678", "84912345678", "(091) 234-5678"])
def test_every_writing_of_a_phone_is_one(value):
    assert normalise.phone(value) == "+84912345678"


def test_a_phone_of_another_country_keeps_it():
    assert normalise.phone("+1 650-253-0000") == "+16502530000"


@pytest.mark.parametrize("value", ["", "12", "phone", "0112345678", "01112345678", "+84 1"])
def test_what_is_no_phone_is_refused(value):
    with pytest.raises(BadPhone):
        normalise.phone(value)


@pytest.mark.parametrize("value", ["", "lan", "lan@", "@example.com", "lan@example", "lan nguyen@example.com"])
def test_what_is_no_email_is_refused(value):
    with pytest.raises(BadEmail):
        normalise.email(value)


def test_gmail_ignores_dots_and_plus_but_the_address_stays_as_written():
    one = normalise.identifier("email", " Lan.Nguyen+shop@GoogleMail.com ")
    assert (one.value, one.written) == ("lannguyen@gmail.com", "lan.nguyen+shop@googlemail.com")
    assert normalise.identifier("email", "lan.nguyen@example.com").value == "lan.nguyen@example.com"


def test_cards_and_accounts():
    assert normalise.identifier("card", "om-1234 5678").value == "OM12345678"
    assert normalise.identifier("social", " Zalo: AbC ").value == "zalo:AbC"
    for kind, value in [("card", " - "), ("device", " "), ("pigeon", "x"), ("device", "x" * 255)]:
        with pytest.raises(BadIdentifier):
            normalise.identifier(kind, value)


@pytest.mark.parametrize(
    ("one", "other", "compatible", "same"),
    [
        ("Nguyễn Thị Lan", "NGUYEN THI LAN", True, True),
        ("Chị Nguyễn Thị Lan", "Lan Nguyen", True, False),
        ("Lan Thi Nguyen", "Nguyễn Thị Lan", True, True),
        ("Lan", "Nguyễn Thị Lan", True, False),
        ("Nguyễn Thị Lan", "Nguyễn Thị Hoa", False, False),
        ("Nguyễn Văn Minh", "Trần Thị Lan", False, False),
        ("Anh Tuấn", "Phạm Anh Tuấn", True, False),
        ("John Smith", "Mary Smith", False, False),
        ("John Smith", "Smith, John", True, True),
        ("Đặng Đức Đạt", "dang duc dat", True, True),
        ("", "Nguyễn Thị Lan", True, False),
        ("Lan", "Lan", True, False),
    ],
)
def test_names_of_one_person(one, other, compatible, same):
    assert normalise.compatible_names(one, other) is compatible
    assert normalise.compatible_names(other, one) is compatible
    assert normalise.same_full_name(one, other) is same
