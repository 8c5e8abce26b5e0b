"""What the tables keep as data, as people read it: money, times and small records in words, tables and lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from omni.core.models import Location, both_languages
from omni.core.money import CURRENCIES, show

NOTHING = "–"
# A key of a record is said with its own letters where it has no words here.
WORDS: dict[str, Promise] = {
    "amount": _("amount"),
    "amount_minor": _("amount"),
    "availability": _("available"),
    "available": _("available"),
    "before": _("before"),
    "budget": _("budget"),
    "by_kind": _("amounts by kind"),
    "categories": _("categories"),
    "category": _("category"),
    "channel": _("channel"),
    "charges": _("charges"),
    "code": _("code"),
    "coupon": _("coupon"),
    "coupons": _("coupons"),
    "customer": _("customer"),
    "district": _("district"),
    "email": _("e-mail"),
    "explanation": _("explanation"),
    "from": _("from"),
    "fulfilment": _("how it reaches the customer"),
    "how": _("how"),
    "kind": _("kind"),
    "line": _("line"),
    "lines": _("lines"),
    "lines_by_kind": _("lines by kind"),
    "lines_read": _("lines read"),
    "lines_refused": _("lines refused"),
    "lines_taken": _("lines taken"),
    "location": _("location"),
    "method": _("method"),
    "min_spend": _("from a basket of"),
    "name": _("name"),
    "name_en": _("name in English"),
    "name_vi": _("name in Vietnamese"),
    "options": _("options"),
    "order": _("order"),
    "order_adjustments": _("order adjustments"),
    "ours": _("ours"),
    "percent": _("percent"),
    "phone": _("phone"),
    "points": _("points"),
    "points_earned": _("points earned"),
    "price": _("price"),
    "promotion": _("promotion"),
    "province": _("province"),
    "quantity": _("quantity"),
    "reason": _("reason"),
    "reference": _("reference"),
    "refused": _("refused"),
    "return": _("return"),
    "sku": _("SKU"),
    "skus": _("SKUs"),
    "sources": _("sent from"),
    "spend": _("spent"),
    "status": _("status"),
    "street": _("street"),
    "tender": _("tender"),
    "theirs": _("theirs"),
    "to": _("to"),
    "total": _("total"),
    "unit_price": _("unit price"),
    "until": _("until"),
    "value": _("value"),
    "ward": _("ward"),
    "wording": _("wording"),
}
_MONEY = frozenset(
    {"amount", "amount_minor", "budget", "charges_total", "compare_at", "discount", "discount_total", "due", "fee"}
    | {"floor", "line_total", "list_price", "list_total", "max_amount", "min_spend", "paid", "price"}
    | {"promotion_price", "refunded", "spend", "subtotal", "tax_total", "told_total", "total", "unit_price", "value"}
)
# Records whose every value is an amount.
_SUMS = {"by_kind": "amount"}
_PLACES = frozenset({"location", "source", "pickup"})


def money(minor: int | None, currency: str) -> str:
    """An amount with its currency in the reader's way; points and other units as a plain number with their name."""
    if minor is None:
        return NOTHING
    if currency in CURRENCIES:
        return show(minor, currency, get_language() or "vi")
    return f"{formats.number_format(minor, use_l10n=True, force_grouping=True)} {word(currency)}".strip()


def when(at: datetime) -> str:
    """A time in the shop's zone, in the reader's way and with no doubt which is the month."""
    style = "DATETIME_FORMAT" if (get_language() or "vi").startswith("en") else "SHORT_DATETIME_FORMAT"
    return formats.date_format(timezone.localtime(at), style)


def word(key: str) -> str:
    """A key in words: `min_spend` is "from a basket of", one without words here loses its underscores."""
    return str(WORDS.get(key) or key.replace("_", " ").replace(".", " "))


def table(heads: Sequence[object], rows: Iterable[Sequence[object]]) -> SafeString:
    """A small table inside a page; a wide one scrolls by itself. Everything in it is escaped."""
    told = [format_html("<tr>{}</tr>", _cells(row)) for row in rows]
    if not told:
        return format_html("{}", NOTHING)
    head = format_html_join("", '<th scope="col">{}</th>', ((title,) for title in heads))
    return format_html(
        '<div class="told"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        format_html_join("", "{}", ((row,) for row in told)),
    )


def record(value: Any, currency: str = "") -> SafeString | str:
    """A small record (an address, what a step was about) as a list of names and values, never as braces."""
    return _shown(value, "", currency, _Places())


class _Places:
    """Names of locations, read once where a record speaks of one by its id."""

    def __init__(self) -> None:
        self._names: dict[int, str] | None = None

    def name(self, key: int) -> str:
        if self._names is None:
            self._names = dict(Location.objects.values_list("pk", "name"))
        return self._names.get(key, str(key))


def _shown(value: Any, key: str, currency: str, places: _Places) -> SafeString | str:
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(value, Mapping) and value.keys() == {"vi", "en"}:
        return both_languages(str(value["vi"]), str(value["en"]))
    if isinstance(value, Mapping):
        # A total may be kept by currency: {"VND": 1250000}.
        told = [(str(k), v) for k, v in value.items() if v not in (None, "", [], {})]
        rows = ((word(k), _shown(v, _SUMS.get(key, k), currency, places)) for k, v in told)
        return format_html('<dl class="told">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows))
    if isinstance(value, list | tuple):
        return _list(value, key, currency, places)
    return _plain(value, key, currency, places)


def _list(value: Sequence[Any], key: str, currency: str, places: _Places) -> SafeString | str:
    if all(isinstance(item, Mapping) for item in value):
        keys = list(dict.fromkeys(str(k) for item in value for k in item))
        return table(
            [word(k) for k in keys], [[_shown(item.get(k), k, currency, places) for k in keys] for item in value]
        )
    if any(isinstance(item, Mapping | list) for item in value):
        items = ((_shown(item, key, currency, places),) for item in value)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", items))
    return ", ".join(str(_plain(item, key, currency, places)) for item in value)


def _plain(value: Any, key: str, currency: str, places: _Places) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int):
        if key in CURRENCIES:
            return money(value, key)
        if key in _MONEY and currency:
            return money(value, currency)
        return (
            places.name(value) if key in _PLACES else formats.number_format(value, force_grouping=abs(value) >= 10_000)
        )
    told = str(value)
    at = parse_datetime(told) if isinstance(value, str) and "T" in told[:11] and told[:4].isdigit() else None
    return when(at) if at is not None and timezone.is_aware(at) else told


def _cells(row: Sequence[object]) -> SafeString:
    return format_html_join("", "<td>{}</td>", ((_cell(cell),) for cell in row))


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return when(value)
    return NOTHING if value in (None, "") else value
