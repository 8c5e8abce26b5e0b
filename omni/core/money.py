"""Money is an integer of minor units and an ISO 4217 code. This is the one place that rounds and splits."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from babel.core import UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, list_currencies

CURRENCIES = frozenset(list_currencies())


def exponent(currency: str) -> int:
    """How many decimals the currency has by ISO 4217: VND 0, USD 2, KWD 3. ValueError if there is none such."""
    if currency not in CURRENCIES:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency.")
    return get_currency_precision(currency)


def round_half_up(amount: Decimal) -> int:
    """To whole minor units, a half away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """19.99 USD -> 1999; 50000 VND -> 50000."""
    return round_half_up(amount.scaleb(exponent(currency)))


def to_decimal(minor: int, currency: str) -> Decimal:
    """1999 USD -> 19.99."""
    return Decimal(minor).scaleb(-exponent(currency))


def share_of(amount: int, numerator: int, denominator: int) -> int:
    """`amount * numerator / denominator`, rounded half up (away from zero), in exact integer arithmetic."""
    product = amount * numerator
    sign = -1 if (product < 0) != (denominator < 0) else 1
    quotient, rest = divmod(abs(product), abs(denominator))
    return sign * (quotient + (1 if 2 * rest >= abs(denominator) else 0))


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount over weights by largest remainder: the parts sum to the amount, to the unit.

    Ties go to the earlier part. All weights zero: everything to the first. Weights are not negative.
    """
    if not weights:
        return []
    total = sum(weights)
    if total == 0:
        return [amount, *([0] * (len(weights) - 1))]
    sign = -1 if amount < 0 else 1
    parts, remainders = [], []
    for index, weight in enumerate(weights):
        quotient, rest = divmod(abs(amount) * weight, total)
        parts.append(quotient)
        remainders.append((-rest, index))
    for _, index in sorted(remainders)[: abs(amount) - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def show(minor: int, currency: str, language: str = "vi") -> str:
    """As people read it: 1.250.000 ₫ in Vietnamese, ₫1,250,000 in English."""
    try:
        return format_currency(to_decimal(minor, currency), currency, locale=language.replace("-", "_"))
    except UnknownLocaleError:
        return format_currency(to_decimal(minor, currency), currency, locale="en")
