"""Which days a report covers, and with which days it is compared. Days begin and end in the shop's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PRESETS: dict[str, Promise] = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
    "90d": _("Last 90 days"),
    "month": _("This month"),
    "last_month": _("Last month"),
    "quarter": _("This quarter"),
    "last_quarter": _("Last quarter"),
    "year": _("This year"),
    "last_year": _("Last year"),
    "custom": _("Own dates"),
}
COMPARISONS: dict[str, Promise] = {
    "before": _("the period before"),
    "year": _("the year before"),
    "none": _("nothing"),
}
DEFAULT_PRESET = "30d"
LONGEST = timedelta(days=366 * 20)


class BadPeriod(ValueError):
    """The dates asked for are no period: missing, backwards or too long."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `first` to `last`, both included; half-open in time: [starts_at, ends_at).

    `cut_at` ends the last day early, so that a running day is compared with as much of an earlier one.
    """

    code: str
    first: date
    last: date
    cut_at: time | None = None

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first, time(), shop_zone())

    @property
    def ends_at(self) -> datetime:
        if self.cut_at is not None:
            return datetime.combine(self.last, self.cut_at, shop_zone())
        return datetime.combine(self.last + timedelta(days=1), time(), shop_zone())

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def shop_zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def make_period(code: str, *, now: datetime, first: str = "", last: str = "") -> Period:
    """The period of a preset, or of two ISO dates for `custom`. Raises BadPeriod."""
    today = now.astimezone(shop_zone()).date()
    if code == "custom":
        return _custom(first, last)
    if code not in PRESETS:
        raise BadPeriod(code)
    return Period(code, *_days_of(code, today))


def compared_with(period: Period, comparison: str, *, now: datetime) -> Period | None:
    """The period to compare with: as long and as far into its day as this one; None for no comparison."""
    if comparison not in COMPARISONS or comparison == "none":
        return None
    if comparison == "year":
        first, last = _year_earlier(period.first), _year_earlier(period.last)
    else:
        first, last = _before(period)
    local = now.astimezone(shop_zone())
    return Period(comparison, first, last, local.time() if period.last == local.date() else None)


def _custom(first: str, last: str) -> Period:
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise BadPeriod(str(error)) from error
    if end < start or end - start > LONGEST or start.year < 1990 or end.year > 2990:
        raise BadPeriod("backwards or too long")
    return Period("custom", start, end)


def _days_of(code: str, today: date) -> tuple[date, date]:
    if code == "today":
        return today, today
    if code == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if code.endswith("d"):
        return today - timedelta(days=int(code[:-1]) - 1), today
    unit = code.removeprefix("last_")
    start = _start_of(unit, today)
    if not code.startswith("last_"):
        return start, today
    end = start - timedelta(days=1)
    return _start_of(unit, end), end


def _start_of(unit: str, day: date) -> date:
    if unit == "year":
        return day.replace(month=1, day=1)
    month = day.month if unit == "month" else (day.month - 1) // 3 * 3 + 1
    return day.replace(month=month, day=1)


def _before(period: Period) -> tuple[date, date]:
    """A calendar unit is compared with the unit before it, a running one with as many days of it."""
    end = period.first - timedelta(days=1)
    unit = period.code.removeprefix("last_")
    if unit not in {"month", "quarter", "year"}:
        return period.first - timedelta(days=period.days), end
    start = _start_of(unit, end)
    if period.code.startswith("last_"):
        return start, end
    return start, min(start + timedelta(days=period.days - 1), end)


def _year_earlier(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
