"""Figures as people read them, in their language."""

from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils import translation
from django.utils.translation import gettext as _

from omni.core import money


def language() -> str:
    return "vi" if (translation.get_language() or "vi").startswith("vi") else "en"


def show(value: int | None, kind: str, currency: str = "") -> str:
    """A figure of a column: money with its sign, a share of 1/10 %, a count with its thousands; — for none."""
    if value is None:
        return "—"
    if kind == "money":
        return money.show(value, currency, language())
    if kind == "share":
        return f"{format_decimal(value / 10, format='0.0', locale=language())} %"
    return format_decimal(value, locale=language())


def change(value: int | None, before: int | None) -> int | None:
    """By how many tenths of a percent a figure grew; None where there is nothing to compare with."""
    if value is None or not before:
        return None
    return money.share_of(value - before, 1000, abs(before))


def show_change(tenths: int | None) -> str:
    if tenths is None:
        return "—"
    sign = "+" if tenths > 0 else "−" if tenths < 0 else "±"
    shown = format_decimal(abs(tenths) / 10, format="#,##0.0" if abs(tenths) < 1000 else "#,##0", locale=language())
    return f"{sign}{shown} %"


def show_days(first: date, last: date) -> str:
    """A span of days in words: 17 Jun 2026, or 1 Jun 2026 to 17 Jun 2026."""
    begins = format_date(first, format="medium", locale=language())
    if first == last:
        return begins
    return _("%(first)s to %(last)s") % {
        "first": begins,
        "last": format_date(last, format="medium", locale=language()),
    }
