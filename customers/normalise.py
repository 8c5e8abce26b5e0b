"""One spelling for what identifies a person, so that the same thing told twice compares equal."""

from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from omni.core.errors import Unprocessable
from omni.core.text import fold

# Vietnam's change of 11 to 10 digits, September to November 2018 (Ministry of Information and Communications):
# the first three digits after the country code became two, the last seven stayed.
_VIETNAM_2018 = {
    "120": "70", "121": "79", "122": "77", "126": "76", "128": "78",  # MobiFone
    "123": "83", "124": "84", "125": "85", "127": "81", "129": "82",  # VinaPhone
    "162": "32", "163": "33", "164": "34", "165": "35", "166": "36",  # Viettel
    "167": "37", "168": "38", "169": "39",
    "186": "56", "188": "58",  # Vietnamobile
    "199": "59",  # Gmobile
}  # fmt: skip

_GMAIL = {"gmail.com", "googlemail.com"}


class BadPhone(Unprocessable):
    code = "bad_phone"
    message = _("This is not a phone number. Write it as 0912 345 678 or +84 912 345 678.")


class BadEmail(Unprocessable):
    code = "bad_email"
    message = _("This is not an e-mail address. Write it as name@example.com.")


class BadIdentifier(Unprocessable):
    code = "bad_identifier"
    message = _("This identifier is empty, too long or of an unknown kind.")


@dataclass(frozen=True, slots=True)
class Normal:
    """An identifier as it is compared (`value`), and as the person writes it where that differs."""

    kind: str
    value: str
    written: str = ""


def phone(value: str, region: str = "VN") -> str:
    """E.164; a Vietnamese mobile number from before 2018 becomes today's. Raises BadPhone (422)."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise BadPhone from None
    national = str(number.national_number)
    if number.country_code == 84 and len(national) == 10 and national[:3] in _VIETNAM_2018:
        number.national_number = int(_VIETNAM_2018[national[:3]] + national[3:])
    if not phonenumbers.is_valid_number(number):
        raise BadPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_phone(value: str) -> str:
    """An E.164 number as it is dialled at home, digits only: +84912345678 becomes 0912345678."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return "".join(letter for letter in shown if letter.isdigit())


def email(value: str) -> str:
    """The address in lower case, as it is written to. Raises BadEmail (422)."""
    address = value.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise BadEmail from None
    return address


def email_key(address: str) -> str:
    """What two spellings of one mailbox have in common: Gmail ignores dots and whatever follows a plus."""
    local, _at, domain = address.rpartition("@")
    if domain in _GMAIL:
        return f"{local.partition('+')[0].replace('.', '')}@gmail.com"
    return address


def card(value: str) -> str:
    """A loyalty card's number without spaces and dashes, in capitals."""
    return "".join(letter for letter in value.upper() if letter.isalnum())


def social(value: str) -> str:
    """`network:account`; networks are compared without case, accounts as they are."""
    network, colon, account = value.strip().partition(":")
    return f"{network.strip().lower()}:{account.strip()}" if colon else value.strip()


def identifier(kind: str, value: str, region: str = "VN") -> Normal:
    """Normalise one identifier of any kind. Raises BadPhone, BadEmail or BadIdentifier (422)."""
    if kind == "phone":
        return Normal(kind, phone(value, region))
    if kind == "email":
        address = email(value)
        key = email_key(address)
        return Normal(kind, key, "" if key == address else address)
    cleaners: dict[str, Callable[[str], str]] = {"card": card, "social": social, "device": str.strip}
    if kind not in cleaners:
        raise BadIdentifier
    cleaned = cleaners[kind](value)
    if not cleaned or len(cleaned) > 254:
        raise BadIdentifier
    return Normal(kind, cleaned)


_HONORIFICS = {
    "anh", "chi", "co", "chu", "bac", "ong", "ba", "em", "cu", "di", "cau", "thay", "quy", "khach",
    "mr", "mrs", "ms", "miss", "mx", "dr", "sir", "madam",
}  # fmt: skip

# The family names of nearly everybody in Vietnam: where they stand tells on which side the given name is.
_FAMILY = {
    "nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui", "do", "ho", "ngo",
    "duong", "ly", "dinh", "trinh", "mai", "truong", "lam", "doan", "dao", "luong", "ta", "chau", "quach",
    "cao", "kieu", "ton", "vuong", "trieu", "luu", "thai", "tang", "diep", "ha", "to", "la", "phung", "quan",
}  # fmt: skip

_MIDDLE = {"thi", "van"}


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, folded, without the honorifics before it: `Chị Nguyễn Thị Lan` is nguyen, thi, lan."""
    plain = "".join(letter if letter.isalnum() else " " for letter in fold(name))
    words = plain.split()
    while len(words) > 1 and words[0] in _HONORIFICS:
        words = words[1:]
    return tuple(words)


def given_names(name: str) -> frozenset[str]:
    """The words that may be the given name, whichever way round it was written; empty for no name."""
    words = name_words(name)
    if len(words) < 2:
        return frozenset(words)
    first, last = words[0], words[-1]
    if first in _FAMILY or first in _MIDDLE:
        return frozenset({last}) if last not in _FAMILY else frozenset({first, last})
    if last in _FAMILY:
        # `Lan Nguyen`, `Lan Anh Nguyen`, `Lan Thi Nguyen`.
        return frozenset({first, words[-2]} - _MIDDLE) if len(words) > 2 else frozenset({first})
    return frozenset({first})


def compatible_names(one: str, other: str) -> bool:
    """Whether both may be names of one person: the same given name, the same words, or one side nameless."""
    left, right = name_words(one), name_words(other)
    if not left or not right or sorted(left) == sorted(right):
        return True
    return bool(given_names(one) & given_names(other))


def same_full_name(one: str, other: str) -> bool:
    """The same two words or more, in any order, whatever the diacritics."""
    left, right = sorted(name_words(one)), sorted(name_words(other))
    return len(left) > 1 and left == right
