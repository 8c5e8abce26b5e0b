"""Progress step by step: a live line on a terminal, plain lines elsewhere."""

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.status import Status


class Progress:
    """Calling it tells what the running step is at."""

    def __init__(self, stream: TextIO | None = None) -> None:
        stream = stream or sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows a question mark; nothing stops for that.
            stream.reconfigure(errors="replace")
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self._status: Status | None = None
        self._label = ""

    @contextmanager
    def step(self, label: str) -> Iterator[None]:
        """One step: announced while it runs, with its seconds when done, marked where it failed."""
        self._label = label
        begun = time.monotonic()
        live = self.console.is_terminal
        if live:
            self._status = self.console.status(label)
            self._status.start()
        try:
            yield
        except BaseException:
            self._end_live()
            self.say(f"✗ {label}")
            raise
        self._end_live()
        self.say(f"✓ {label} ({time.monotonic() - begun:.1f} s)")

    def __call__(self, text: str) -> None:
        if self._status is not None:
            self._status.update(f"{self._label}: {text}")
        else:
            self.say(f"  {text}")

    def say(self, text: str = "") -> None:
        """A line of its own, as it is."""
        self.console.print(text, markup=False)

    def _end_live(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
