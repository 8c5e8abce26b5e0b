"""The whole shop opens with one command, is one process, and ends however it is ended."""

import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from omni.embedded import postgres
from tests.embedded.machine import ROOT, ask, is_up, kill_server

pytestmark = pytest.mark.embedded

OPEN = "Ctrl-C closes the shop."


def environment() -> dict[str, str]:
    """Ours, without what would lead the demo to another database or broker."""
    left_out = {"LC_ALL", "LC_MESSAGES", "LANG", "DATABASE_URL", "CELERY_BROKER_URL", "OMNI_MODE", "PUBLIC_URL"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


class Demo:
    """A `manage.py demo` over a folder."""

    def __init__(self, data_dir: Path, *argv: str, until: str = OPEN, **more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "embedded" / "small_shop.py"), "demo", *argv],
            env=environment() | more | {"OMNI_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"},
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if until in line:
                break

    @property
    def url(self) -> str:
        return next(word for word in self.printed.split() if word.endswith("/admin/")).removesuffix("/admin/")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return str(answer.read().decode())

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        self.printed += self.process.communicate(timeout=30)[0]
        return self.process.returncode


def wait_until(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """Look until it is good, for ten seconds at most; what was seen last."""
    give_up = time.monotonic() + 10
    while not good(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.05)
    return seen


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="omni-test-"))
    folder = base / "a shop"
    yield folder
    shutil.rmtree(postgres.socket_dir(folder), ignore_errors=True)
    shutil.rmtree(base)


@pytest.fixture
def closed(data_dir) -> Iterator[None]:
    """Afterwards nothing of the shop runs."""
    yield
    assert not is_up(data_dir), "a test left its shop open"


@pytest.mark.usefixtures("closed")
def test_the_first_start_makes_the_shop_and_shows_passwords_and_the_second_finds_it(data_dir):
    first = Demo(data_dir, "--port", "0")
    assert "lan              one-time-password" in first.printed
    assert first.get("/name/") == "Web"
    assert first.end() == 0
    assert first.printed.endswith("Closing the shop.\nClosed.\n")
    second = Demo(data_dir, "--port", "0")
    assert "one-time-password" not in second.printed
    assert "The shop is there already" in second.printed
    assert "changepassword" in second.printed
    assert second.end(signal.SIGTERM) == 0


@pytest.mark.usefixtures("closed")
def test_a_request_wakes_the_worker_through_the_broker_in_memory(data_dir):
    demo = Demo(data_dir, "--port", "0")
    ask(data_dir, "UPDATE core_channel SET name = 'asleep'")
    demo.get("/wake/")
    assert wait_until(lambda: demo.get("/name/"), lambda name: name == "woken") == "woken"
    assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_a_daily_sweep_runs_at_the_start_and_when_the_clock_was_moved(data_dir):
    demo = Demo(data_dir, "--port", "0")
    sweeps = "SELECT trust FROM core_channel WHERE code = 'web'"
    before = wait_until(lambda: ask(data_dir, sweeps), lambda count: count > 50)
    moved = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "advance_clock", "1d"],
        env=environment() | {"OMNI_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
    )
    assert moved.returncode == 0, moved.stderr
    assert wait_until(lambda: ask(data_dir, sweeps), lambda count: count > before) > before
    assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_web_threads_keep_their_database_sessions(data_dir):
    demo = Demo(data_dir, "--port", "0")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        sessions = set(pool.map(lambda _: demo.get("/session/"), range(60)))
    assert 1 < len(sessions) <= 8
    assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_a_taken_port_is_named_and_the_next_one_is_used(data_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        demo = Demo(data_dir, "--port", str(port))
        assert f"Port {port} is taken" in demo.printed
        assert demo.get("/name/")
        assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_a_second_demo_and_a_reset_are_refused_while_one_is_open(data_dir):
    demo = Demo(data_dir, "--port", "0")
    for argv in ([], ["--reset"]):
        other = Demo(data_dir, *argv, until="no such line")
        assert other.process.wait(timeout=30) == 1
        assert f"open already at {demo.url}" in other.printed
    assert demo.get("/name/")
    assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_after_kill_9_the_next_start_goes_on_with_the_same_data(data_dir):
    demo = Demo(data_dir, "--port", "0")
    ask(data_dir, "UPDATE core_channel SET name = 'kept'")
    demo.end(signal.SIGKILL)
    again = Demo(data_dir, "--port", "0")
    assert again.get("/name/") == "kept"
    assert again.end() == 0


@pytest.mark.usefixtures("closed")
def test_a_database_that_dies_under_the_open_shop_is_started_again(data_dir):
    demo = Demo(data_dir, "--port", "0")
    kill_server(data_dir)
    assert wait_until(lambda: is_up(data_dir), bool)
    assert demo.get("/name/")
    assert demo.end() == 0


@pytest.mark.usefixtures("closed")
def test_a_second_ctrl_c_ends_everything_at_once(data_dir):
    demo = Demo(data_dir, "--port", "0")
    demo.process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    begun = time.monotonic()
    assert demo.end() in {0, 130}
    assert time.monotonic() - begun < 2
    time.sleep(0.3)


@pytest.mark.slow
@pytest.mark.usefixtures("closed")
def test_a_start_cut_short_while_filling_begins_anew(data_dir):
    demo = Demo(data_dir, "--reset", until="one channel", SEEDING_SECONDS="30")
    demo.end(signal.SIGKILL)
    again = Demo(data_dir, "--port", "0")
    assert "cut short" in again.printed
    assert "one-time-password" in again.printed
    assert ask(data_dir, "SELECT count(*) FROM core_channel") == 1
    assert again.end() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("closed")
def test_reset_starts_over_and_leaves_what_is_not_the_shops(data_dir):
    (data_dir / "mine.txt").write_text("mine")
    demo = Demo(data_dir, "--port", "0", "--reset")
    assert "one-time-password" in demo.printed
    assert demo.end() == 0
    assert (data_dir / "mine.txt").read_text() == "mine"


@pytest.mark.usefixtures("closed")
def test_a_headless_shop_tells_its_addresses_and_ends_with_its_starter(data_dir):
    shop = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "embedded" / "small_shop.py"), "demo", "--headless", "--port", "0"],
        env=environment() | {"OMNI_DATA_DIR": str(data_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert shop.stdin is not None
    assert shop.stdout is not None
    told = json.loads(shop.stdout.readline())
    assert told["data_dir"] == str(data_dir)
    with urllib.request.urlopen(told["url"] + "/name/", timeout=10) as answer:
        assert answer.status == 200
    shop.stdin.close()
    assert shop.wait(timeout=20) == 0
