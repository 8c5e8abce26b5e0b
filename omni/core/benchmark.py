"""What the shop does, measured against hand-written SQL that does the same, in turns in the same run.

Each room lists its benchmarks in `<room>/benchmarks.py` as `BENCHMARKS`; omni.wiring registers them. They run in a
database of their own beside the shop's, which is made, filled and dropped again, and through a web server of their
own, so that nothing of the shop is touched and what a caller waits for is what is measured.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from omni.core.db import database_url

ROUNDS = 7
_benchmarks: list["Benchmark"] = []


class Caller:
    """One caller who keeps the connection to the web server; an answer other than 2xx is an error."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json", **headers}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        told = None if body is None else json.dumps(body)
        self._connection.request(method, path, told, self._headers | headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        return content


@dataclass(frozen=True, slots=True)
class Contest:
    """The two that are measured: each call does the thing once."""

    ours: Callable[[], object]
    reference: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A thing that the shop does: what it is measured against, which share of that is the goal, how often a round.

    `prepare` gets the port of the web server and fills the empty database.
    """

    name: str
    reference: str
    goal: float
    times: int
    prepare: Callable[[int], Contest]


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of the rounds, in times a second; `ratio` is ours over the reference's."""

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratio: float
    goal: float
    n: int


def register(benchmarks: Iterable[Benchmark]) -> None:
    known = {benchmark.name for benchmark in _benchmarks}
    _benchmarks.extend(benchmark for benchmark in benchmarks if benchmark.name not in known)


def all_benchmarks() -> list[Benchmark]:
    return list(_benchmarks)


def measure(benchmark: Benchmark, *, rounds: int = ROUNDS) -> Measured:
    """Run a benchmark in a database and a web server of its own; the first round warms both up and does not count."""
    with _own_database(), _own_web_server() as port:
        contest = benchmark.prepare(port)
        ours: list[float] = []
        theirs: list[float] = []
        for _round in range(rounds + 1):
            ours.append(_rate(contest.ours, benchmark.times))
            theirs.append(_rate(contest.reference, benchmark.times))
    value, reference_value = statistics.median(ours[1:]), statistics.median(theirs[1:])
    return Measured(
        name=benchmark.name,
        value=round(value, 1),
        unit="per second",
        reference=benchmark.reference,
        reference_value=round(reference_value, 1),
        ratio=round(value / reference_value, 3),
        goal=benchmark.goal,
        n=rounds,
    )


def _rate(deed: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _time in range(times):
        deed()
    return times / (time.perf_counter() - began)


@contextmanager
def _own_database() -> Iterator[None]:
    shop = connection.settings_dict["NAME"]
    settings = connection.settings_dict.setdefault("TEST", {})
    settings["NAME"] = f"{shop}_benchmark"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(shop, verbosity=0)


@contextmanager
def _own_web_server() -> Iterator[int]:
    """A web server as in production, on the benchmark's database; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(  # noqa: S603
        [*command, "--no-ws", "--log-level", "error", "omni.wsgi:application"],
        env=os.environ | {"DATABASE_URL": database_url(), "CELERY_BROKER_URL": "memory://", "OMNI_MODE": "test"},
    )
    try:
        _wait_for(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The web server of the benchmark did not start.")
