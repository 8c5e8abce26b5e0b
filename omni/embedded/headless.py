"""A whole shop as a process of its own, for the check, for tests and for pictures."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omni.embedded.postgres.folder import EmbeddedError
from omni.embedded.shop import Shop

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
# They would lead the shop to somebody else's database, broker or address.
NOT_INHERITED = ("DATABASE_URL", "CELERY_BROKER_URL", "PUBLIC_URL", "OMNI_MODE", "DJANGO_SETTINGS_MODULE")


@contextmanager
def running_shop(data_dir: Path, port: int = 0, *, show_progress: bool = False) -> Iterator[Shop]:
    """Open a shop over `data_dir` (made and filled if it is not there); port 0 takes any.

    `manage.py` commands reach it with OMNI_DATA_DIR set to the folder. It ends with the block, and with this
    process however that ends. EmbeddedError, with what the shop printed, if it does not open.
    """
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    with tempfile.TemporaryFile("w+") as printed:
        process = subprocess.Popen(  # noqa: S603  our own program and arguments
            [sys.executable, str(MANAGE), "demo", "--headless", "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if show_progress else printed,
            text=True,
            env=environment | {"OMNI_DATA_DIR": str(data_dir)},
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                process.wait(timeout=30)
                printed.seek(0)
                raise EmbeddedError(f"The shop did not open.\n{printed.read()}")
            yield Shop(**json.loads(line))
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
