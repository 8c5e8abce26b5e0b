"""What the tests of this room share."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction


@contextmanager
def refused(error: type[Exception]) -> Iterator["pytest.ExceptionInfo[Exception]"]:
    """The write inside is refused with this error, and all that it began is rolled back, as a request's would be."""
    with pytest.raises(error) as refusal, transaction.atomic():
        yield refusal
