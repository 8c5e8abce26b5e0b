"""What the tests of this room share."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from django.db import connection, transaction

from loyalty.audit import CHECKS
from omni.core.errors import DomainError


@contextmanager
def refused(error: type[Exception]) -> Iterator["pytest.ExceptionInfo[Exception]"]:
    """The write inside is refused with this error, and all that it began is rolled back, as a request's would be."""
    with pytest.raises(error) as refusal, transaction.atomic():
        yield refusal


def books_are_right() -> None:
    """Every check of the audit holds."""
    wrong = {check.name: finding.wrong for check in CHECKS if (finding := check.look()).wrong}
    assert not wrong, wrong


def at_once(tries: int, act: Callable[[int], object]) -> list[object]:
    """Run `act(0)`, `act(1)`, ... in threads with connections of their own that start together; a refusal is its
    answer."""
    ready = Barrier(tries)

    def run(number: int) -> object:
        ready.wait()
        try:
            return act(number)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(tries) as threads:
        return list(threads.map(run, range(tries)))
