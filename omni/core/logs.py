"""Lines of the log: what failed and where, never about whom."""

import logging
import re
from typing import Any

# PostgreSQL adds the key or the whole row that it refused, and the value that it was reading.
_ROWS = re.compile(r"^(DETAIL|CONTEXT|LINE \d+):.*$", re.MULTILINE)


class LineFormatter(logging.Formatter):
    """Leaves out of an exception what the database says of its rows."""

    def formatException(self, ei: Any) -> str:
        return _ROWS.sub(r"\1 left out", super().formatException(ei))
