"""`manage.py advance_clock` moves the business clock for everybody, ahead only, and never in production."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from omni.core import clock
from omni.core.management.commands import advance_clock


@pytest.fixture(autouse=True)
def _settles_at_once(monkeypatch):
    monkeypatch.setattr(advance_clock, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(clock, "_cached", (0.0, timedelta()))
    yield
    # The row goes with the transaction of the test, the cached offset goes here.
    clock._cached = (0.0, timedelta())


@pytest.mark.django_db
def test_it_moves_the_clock_and_prints_the_new_time(capsys):
    call_command("advance_clock", "31d")
    printed = datetime.fromisoformat(capsys.readouterr().out.strip())
    assert abs(printed - datetime.now(UTC) - timedelta(days=31)) < timedelta(seconds=5)
    assert abs(clock.now() - printed) < timedelta(seconds=5)


@pytest.mark.django_db
def test_moves_add_up(capsys):
    call_command("advance_clock", "1d")
    call_command("advance_clock", "12h")
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=36)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("31d", timedelta(days=31)),
        ("12h", timedelta(hours=12)),
        ("45m", timedelta(minutes=45)),
        ("1d12h", timedelta(hours=36)),
    ],
)
def test_lengths_are_read(text, length):
    assert advance_clock.parse(text) == length


@pytest.mark.parametrize("text", ["", "31", "d", "-1d", "1.5d", "0d", "999999d", "9999999999d", "tomorrow", "1d x"])
@pytest.mark.django_db
def test_nonsense_is_refused_and_moves_nothing(text):
    with pytest.raises(CommandError):
        call_command("advance_clock", "--", text)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.django_db
def test_production_refuses(settings):
    settings.CLOCK_CAN_MOVE = False
    with pytest.raises(CommandError, match="production"):
        call_command("advance_clock", "1d")
