"""Charts as SVG made on the server: readable without a script, by a screen reader, in light and dark, on paper.

Widths are percentages and heights pixels, so that the letters keep their size on a telephone. Colours come
from classes of desk.css, which have them for light and dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.translation import gettext as _

_ROW = 58


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is, how much, how much before, and both in words as the table shows them."""

    label: str
    value: int
    before: int | None
    shown: str
    shown_before: str = ""


def bar_chart(bars: Sequence[Bar], *, name: str, title: str, description: str) -> str:
    """Horizontal bars, each with its figure in words and a thinner one beneath for the period before.

    `name` tells the charts of one page apart, in letters and hyphens.
    """
    if not bars:
        return ""
    longest = max([1, *(abs(bar.value) for bar in bars), *(abs(bar.before or 0) for bar in bars)])
    rows = "".join(_row(bar, index * _ROW, longest) for index, bar in enumerate(bars))
    return (
        f'<svg class="bars" role="img" width="100%" height="{len(bars) * _ROW}"'
        f' aria-labelledby="chart-{name}-title chart-{name}-words" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="chart-{name}-title">{escape(title)}</title>'
        f'<desc id="chart-{name}-words">{escape(description)} {escape(_in_words(bars))}</desc>{rows}</svg>'
    )


def _row(bar: Bar, top: int, longest: int) -> str:
    width = _width(bar.value, longest)
    parts = [
        f'<text class="chart-label" x="0" y="{top + 17}">{escape(bar.label)}</text>',
        f'<text class="chart-value" x="100%" y="{top + 17}" text-anchor="end">{escape(bar.shown)}</text>',
        f'<rect class="chart-track" x="0" y="{top + 26}" width="100%" height="12" rx="3"/>',
        f'<rect class="{_tone(bar.value)}" x="0" y="{top + 26}" width="{width}" height="12" rx="3"/>',
    ]
    if bar.before is not None:
        words = _("before: %(figure)s") % {"figure": bar.shown_before}
        parts.append(
            f'<rect class="chart-before" x="0" y="{top + 41}" width="{_width(bar.before, longest)}" height="5" rx="2">'
            f"<title>{escape(words)}</title></rect>"
        )
    return "".join(parts)


def _tone(value: int) -> str:
    return "chart-bar" if value >= 0 else "chart-bar chart-negative"


def _width(value: int, longest: int) -> str:
    return f"{abs(value) * 1000 // longest / 10}%"


def _in_words(bars: Sequence[Bar]) -> str:
    return " ".join(f"{bar.label}: {bar.shown}." for bar in bars)
