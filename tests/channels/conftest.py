from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("outside world")
    started = World(folder)
    yield started
    assert started.end() == 0, "it ends cleanly when its standard input does"
