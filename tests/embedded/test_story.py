"""The story of one order, as anybody walks it with `manage.py demo --check`."""

import io
import subprocess
import sys

import pytest

from omni.embedded import story
from omni.embedded.shop import Shop
from omni.embedded.story.client import StoryError
from tests.embedded.machine import ROOT
from tests.embedded.test_shop import environment


@pytest.mark.slow
@pytest.mark.embedded
def test_one_order_goes_through_every_channel_of_a_really_started_shop():
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", "--check"],
        env=environment(),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The whole story holds: 10 steps" in done.stdout


NOWHERE = Shop(url="", peer_url="", peer_http_port=0, peer_smtp_port=0, data_dir="")


def walk(monkeypatch, out, *steps):
    monkeypatch.setattr(story, "World", lambda shop: None)
    monkeypatch.setattr(story, "STEPS", steps)
    return story.run(NOWHERE, out)


def good(world):
    """All is well"""
    return ["it is"]


def bad(world):
    """Something is missing"""
    raise StoryError("expected that it was there")


def broken(world):
    """Something nobody thought of"""
    raise KeyError("points")


def test_the_story_stops_at_the_first_step_that_fails_and_says_what_was_expected(monkeypatch):
    out = io.StringIO()
    assert walk(monkeypatch, out, good, bad, good) is False
    told = out.getvalue()
    assert told.count("All is well") == 1
    assert "- it is" in told
    assert " 2. FAILED  Something is missing" in told
    assert "expected that it was there" in told


def test_a_step_that_breaks_is_named_before_its_traceback(monkeypatch):
    out = io.StringIO()
    with pytest.raises(KeyError):
        walk(monkeypatch, out, broken)
    assert " 1. FAILED  Something nobody thought of" in out.getvalue()
