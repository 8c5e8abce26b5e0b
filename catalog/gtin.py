"""GTINs (GS1 General Specifications): 8, 12, 13 or 14 digits, the last of which checks the others."""

from django.utils.translation import gettext_lazy as _

from omni.core.errors import Unprocessable

LENGTHS = (8, 12, 13, 14)


class BadGtin(Unprocessable):
    code = "bad_gtin"
    message = _("A GTIN has 8, 12, 13 or 14 digits and its last digit must check. Scan it again.")


def check_digit(body: str) -> str:
    """The last digit of a GTIN, from all before it: weights 3 and 1 from the right, up to the next ten."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-weighted % 10)


def normal_gtin(value: str, *, param: str = "gtin") -> str:
    """The digits of a GTIN without spaces and hyphens; BadGtin unless it is one."""
    digits = value.strip().replace(" ", "").replace("-", "")
    if not (
        digits.isascii() and digits.isdigit() and len(digits) in LENGTHS and check_digit(digits[:-1]) == digits[-1]
    ):
        raise BadGtin(param=param)
    return digits


def same_gtins(digits: str) -> list[str]:
    """All ways one GTIN is written: the shorter ones are the longer ones without leading zeros."""
    bare = digits.lstrip("0")
    return [digits] + [form for length in LENGTHS if len(form := bare.zfill(length)) == length and form != digits]
