"""Figures in templates: money, counts, changes and their colours."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString, mark_safe

from omni.core import showing
from omni.reports import figures
from omni.reports.base import Column, Row

register = template.Library()


@register.simple_tag
def figure(row: Row, column: Column, currency: str) -> str:
    return figures.show(row.figures.get(column.code), column.kind, currency)


@register.simple_tag
def figure_before(row: Row, column: Column, currency: str) -> str:
    return figures.show(row.before.get(column.code), column.kind, currency)


@register.simple_tag
def figure_change(row: Row, column: Column) -> str:
    return figures.show_change(figures.change(row.figures.get(column.code), row.before.get(column.code)))


@register.simple_tag
def figure_tone(row: Row, column: Column) -> str:
    """Whether the change is `good`, `bad` or neither; the words and the sign tell it too."""
    tenths = figures.change(row.figures.get(column.code), row.before.get(column.code))
    if not tenths or column.more_is_good is None:
        return "even"
    return "good" if (tenths > 0) == column.more_is_good else "bad"


@register.filter
def money(amount: int | None, currency: str) -> str:
    return figures.show(amount, "money", currency)


@register.filter
def when(at: datetime) -> str:
    """A time in the shop's zone, in the reader's way."""
    return showing.when(at)


@register.filter
def count(number: int | None) -> str:
    return figures.show(number, "count")


@register.filter
def drawn(svg: str) -> SafeString:
    """A chart of omni.reports.charts, which escapes all that it is given."""
    return mark_safe(svg)  # noqa: S308  made by charts.bar_chart alone
