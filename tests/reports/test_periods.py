"""Days begin and end in Ho Chi Minh City, and each period is compared with one as long."""

from datetime import UTC, date, datetime

import pytest

from omni.reports.periods import PRESETS, BadPeriod, compared_with, make_period

# 18 June, two hours past midnight in Ho Chi Minh City, is still the 17th in UTC.
NIGHT = datetime(2026, 6, 17, 19, 0, tzinfo=UTC)


def test_a_day_begins_at_midnight_in_the_shop_and_not_in_utc():
    today = make_period("today", now=NIGHT)
    assert today.first == date(2026, 6, 18)
    assert today.starts_at.astimezone(UTC) == datetime(2026, 6, 17, 17, 0, tzinfo=UTC)
    assert today.ends_at.astimezone(UTC) == datetime(2026, 6, 18, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "first", "last", "before"),
    [
        ("today", (6, 18), (6, 18), ((6, 17), (6, 17))),
        ("yesterday", (6, 17), (6, 17), ((6, 16), (6, 16))),
        ("7d", (6, 12), (6, 18), ((6, 5), (6, 11))),
        ("month", (6, 1), (6, 18), ((5, 1), (5, 18))),
        ("last_month", (5, 1), (5, 31), ((4, 1), (4, 30))),
        ("quarter", (4, 1), (6, 18), ((1, 1), (3, 20))),
        ("last_quarter", (1, 1), (3, 31), None),
        ("year", (1, 1), (6, 18), None),
    ],
)
def test_presets_and_the_period_before_each(code, first, last, before):
    period = make_period(code, now=NIGHT)
    assert (period.first, period.last) == (date(2026, *first), date(2026, *last))
    if before:
        compare = compared_with(period, "before", now=NIGHT)
        assert compare is not None
        assert (compare.first, compare.last) == (date(2026, *before[0]), date(2026, *before[1]))


def test_a_running_day_is_compared_with_as_much_of_the_earlier_one():
    today = make_period("today", now=NIGHT)
    before = compared_with(today, "before", now=NIGHT)
    assert before is not None
    assert before.ends_at.astimezone(UTC) == datetime(2026, 6, 16, 19, 0, tzinfo=UTC)
    whole = compared_with(make_period("yesterday", now=NIGHT), "before", now=NIGHT)
    assert whole is not None
    assert whole.cut_at is None


def test_the_29th_of_february_has_a_day_a_year_before():
    leap = datetime(2028, 2, 29, 5, 0, tzinfo=UTC)
    before = compared_with(make_period("today", now=leap), "year", now=leap)
    assert before is not None
    assert before.first == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("first", "last"), [("", ""), ("2026-06-02", "2026-06-01"), ("x", "2026-06-01"), ("0001-01-01", "2026-01-01")]
)
def test_dates_that_are_no_period_are_refused(first, last):
    with pytest.raises(BadPeriod):
        make_period("custom", now=NIGHT, first=first, last=last)


def test_every_preset_makes_a_period_that_has_a_comparison():
    for code in PRESETS:
        period = make_period(code, now=NIGHT, first="2026-01-01", last="2026-01-31")
        assert period.starts_at < period.ends_at
        assert compared_with(period, "before", now=NIGHT) is not None
        assert compared_with(period, "none", now=NIGHT) is None
