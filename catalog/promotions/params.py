"""Reading a kind's parameters, with a clear word on the one that can never be right; and sharing a cut out."""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.pricing.values import BadParams, Cut, Goods
from omni.core.money import split


def only(params: Mapping[str, Any], *known: str) -> None:
    """Refuse parameters that the kind does not have: a misspelt one must not be silently without effect."""
    for name in params:
        if name not in known:
            raise BadParams(
                name,
                {"vi": f"Không có tham số này. Có: {', '.join(known)}.", "en": f"It takes: {', '.join(known)}."},
            )


def whole(params: Mapping[str, Any], name: str, *, least: int = 1, most: int | None = None) -> int:
    """A whole number that must be there."""
    value = params.get(name)
    fits = isinstance(value, int) and not isinstance(value, bool) and value >= least
    if not fits or (most is not None and value is not None and value > most):
        upto = "" if most is None else f" – {most}"
        raise BadParams(
            name, {"vi": f"Phải là số nguyên từ {least}{upto}.", "en": f"A whole number from {least}{upto}."}
        )
    assert isinstance(value, int)
    return value


def whole_or_none(params: Mapping[str, Any], name: str, *, least: int = 1, most: int | None = None) -> int | None:
    """A whole number that may be left out."""
    return None if params.get(name) is None else whole(params, name, least=least, most=most)


def percent_or_amount(params: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Exactly one of the two."""
    percent = whole_or_none(params, "percent", most=100)
    amount = whole_or_none(params, "amount")
    if (percent is None) == (amount is None):
        raise BadParams(
            "percent", {"vi": "Cần đúng một trong percent và amount.", "en": "Exactly one of percent and amount."}
        )
    return percent, amount


def shared(amount: int, goods: Sequence[Goods]) -> list[Cut]:
    """Share a sum over all goods by what they are worth, never more than that, by largest remainder."""
    worth = [offered.amount for offered in goods]
    parts = split(min(amount, sum(worth)), worth)
    return [Cut(offered.line, offered.count, part) for offered, part in zip(goods, parts, strict=True)]


def cheapest_first(goods: Sequence[Goods]) -> list[tuple[Goods, int, int]]:
    """All parcels (goods, count, amount) by what one unit is worth, exactly, ties by SKU."""
    parcels = [(offered, count, amount) for offered in goods for count, amount in offered.parcels]
    return sorted(parcels, key=lambda parcel: (parcel[2] * 1_000_000_000 // parcel[1], parcel[0].sku))
