"""The benchmark command tells what was measured, and whether the goal was reached."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from omni.core import benchmark
from omni.core.benchmark import Benchmark, Measured, all_benchmarks, register
from omni.core.management.commands import benchmark as command


@pytest.fixture
def measured(monkeypatch):
    """Nothing is really measured: ours is a quarter as quick as the reference."""

    def told(one: Benchmark) -> Measured:
        return Measured(one.name, 25.0, "per second", one.reference, 100.0, 0.25, one.goal, 7)

    monkeypatch.setattr(command, "measure", told)


def test_each_row_has_what_the_api_promises(measured):
    out = StringIO()
    call_command("benchmark", json=True, stdout=out)
    rows = json.loads(out.getvalue())["rows"]
    assert {row["name"] for row in rows} >= {"place order of 3 lines through HTTP", "50 variants through HTTP"}
    assert all(
        set(row) == {"name", "value", "unit", "reference", "reference_value", "ratio", "goal", "n"} for row in rows
    )


def test_a_missed_goal_is_said(measured):
    out = StringIO()
    call_command("benchmark", "place order", stdout=out)
    assert "0.250 of it; goal 0.30, missed" in out.getvalue()
    assert "50 variants" not in out.getvalue()


def test_an_unknown_name_is_refused_with_those_that_there_are(measured):
    with pytest.raises(CommandError, match="50 variants through HTTP"):
        call_command("benchmark", "the moon")


def test_registering_again_changes_nothing():
    before = all_benchmarks()
    register(before)
    assert all_benchmarks() == before
    assert benchmark.ROUNDS >= 5
