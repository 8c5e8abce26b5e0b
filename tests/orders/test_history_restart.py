"""Cut off anywhere and started again, an import ends as if nothing had happened."""

import os
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest
from django.db import connection

from omni.core.db import database_url
from omni.core.models import ImportRun
from orders.history import importing, masters, returns, sales, staging
from orders.history.importing import ImportRunning
from tests.orders.history import SMALL, make_channel, sums_hold, take_in, written

pytestmark = pytest.mark.django_db(transaction=True)


class CutOff(BaseException):
    """As a kill is, nothing that the import may catch."""


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    monkeypatch.setattr(staging, "BLOCK", 13)
    monkeypatch.setattr(masters, "CHUNK", 2)
    monkeypatch.setattr(sales, "DOCUMENTS", 4)
    monkeypatch.setattr(returns, "LINES", 2)


def same(one, other) -> bool:
    return {**one.as_dict(), "seconds": 0} == {**other.as_dict(), "seconds": 0}


def test_cut_off_after_every_step_it_ends_as_one_that_never_was():
    whole, cut = make_channel("whole"), make_channel("cut")
    expected = take_in(whole)
    tries = 0
    while True:
        tries += 1
        steps = iter(range(tries))

        def stop(step, done, of, steps=steps):
            if next(steps, None) is None:
                raise CutOff

        try:
            result = take_in(cut, tell=stop)
        except CutOff:
            assert ImportRun.objects.get(options__channel="cut").state != "done"
            continue
        break
    assert tries > 5
    assert same(result, expected)
    assert written(cut) == written(whole)
    assert sums_hold(cut)


@pytest.mark.parametrize("broken", ["sales", "returns"])
def test_a_chunk_that_fails_leaves_nothing_of_itself(monkeypatch, broken):
    web, whole = make_channel("web"), make_channel("whole")
    module: Any = {"sales": sales, "returns": returns}[broken]
    write = getattr(module, f"write_{broken}")
    calls: list[dict[str, Any]] = []

    def write_then_fail(**arguments):
        write(**arguments)
        calls.append(written(web))
        if len(calls) == 2:
            raise RuntimeError("the disk is full")

    monkeypatch.setattr(module, f"write_{broken}", write_then_fail)
    with pytest.raises(RuntimeError):
        take_in(web)
    assert written(web) == calls[0] != calls[1]
    assert ImportRun.objects.get().state == "failed"
    monkeypatch.undo()
    take_in(web)
    take_in(whole)
    assert written(web) == written(whole)


def test_lost_staging_is_read_again():
    web, whole = make_channel("web"), make_channel("whole")

    def stop(step, done, of):
        if step == "returns":
            raise CutOff

    with pytest.raises(CutOff):
        take_in(web, tell=stop)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE orders_historyrow")
    assert same(take_in(web), take_in(whole))
    assert written(web) == written(whole)


def test_a_second_import_at_once_is_told_to_wait(monkeypatch):
    monkeypatch.setattr(importing, "_LOCK_PATIENCE_SECONDS", 0.1)
    web = make_channel("web")
    refused = []

    def try_too():
        try:
            take_in(web)
        except ImportRunning as error:
            refused.append(error.code)
        finally:
            connection.close()

    def start_another(step, done, of):
        if not refused:
            thread = threading.Thread(target=try_too)
            thread.start()
            thread.join()

    take_in(web, tell=start_another)
    assert refused == ["import_running"]


KILLED = """
import sys, time, django
django.setup()
from pathlib import Path
from omni.core.models import Channel
from orders.history import masters, returns, sales, staging
from orders.history.importing import import_sales
from tests.orders.history import make_channel, NOW
staging.BLOCK, masters.CHUNK, sales.DOCUMENTS, returns.LINES = 13, 2, 4, 2
def tell(*at):
    print(*at, flush=True)
    time.sleep(0.05)
import_sales(path=Path(sys.argv[1]), form="online-retail", channel=Channel.objects.get(code="cut"), now=NOW, tell=tell)
"""


def test_killed_for_real_and_run_again_it_is_the_same():
    whole, cut = make_channel("whole"), make_channel("cut")
    expected = take_in(whole)
    # Among the customers, among the orders, among the returns.
    for steps in (12, 4, 5):
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(SMALL)],
            env={**os.environ, "DATABASE_URL": database_url(), "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        for _ in range(steps):
            assert child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()
        assert ImportRun.objects.get(options__channel="cut").state in ("staging", "running")
    assert same(take_in(cut), expected)
    assert written(cut) == written(whole)
