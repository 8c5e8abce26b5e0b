"""What an import says at its end: every line counted, and the money divided over kinds, to the unit."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count

from omni.core.db import fetch_all
from omni.core.models import ImportProblem, ImportRun
from orders.history import lines

# What each kind of line is called in the result.
NAMES = {
    lines.SALE: "sales",
    lines.CHARGE: "charges",
    lines.RETURN: "returns",
    lines.CHARGE_BACK: "charges_given_back",
    lines.ADJUSTMENT: "adjustments",
    lines.WRITE_OFF: "write_offs",
    lines.REFUSED: "refused",
}

_BY_KIND = """
SELECT kind, count(*), sum(amount)::bigint, count(DISTINCT doc) FROM orders_historyrow WHERE run_id = %s GROUP BY kind
"""
_RETURNS_WITHOUT_SALE = """
WITH here AS MATERIALIZED (
  SELECT split_part(p.external_id, %s, 1) AS document, l.position
  FROM orders_return p JOIN orders_returnline l ON l.of_id = p.id
  WHERE p.channel_id = %s AND p.history AND p.order_id IS NULL
), told AS MATERIALIZED (
  SELECT document, position FROM orders_historyrow WHERE run_id = %s AND kind = 'return'
)
SELECT count(*) FROM told JOIN here USING (document, position)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Amounts are minor units of `currency`; `by_kind` sums to `amount_minor`, `lines_by_kind` to `lines_read`."""

    lines_read: int
    lines_taken: int
    lines_refused: int
    amount_minor: int
    currency: str
    by_kind: dict[str, int]
    lines_by_kind: dict[str, int]
    refused: dict[str, int]
    returns_without_sale: int
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def count(*, run: ImportRun, channel: int, currency: str) -> Result:
    """Count what the staging table holds of this run."""
    found = {kind: (rows, amount) for kind, rows, amount, _ in fetch_all(_BY_KIND, [run.pk])}
    read = sum(rows for rows, _ in found.values())
    refused = found.get(lines.REFUSED, (0, 0))[0]
    problems = ImportProblem.objects.filter(run=run, refused=True).values_list("code").annotate(Count("pk"))
    return Result(
        lines_read=read,
        lines_taken=read - refused,
        lines_refused=refused,
        amount_minor=sum(amount for _, amount in found.values()),
        currency=currency,
        by_kind={name: found.get(kind, (0, 0))[1] for kind, name in NAMES.items()},
        lines_by_kind={name: found.get(kind, (0, 0))[0] for kind, name in NAMES.items()},
        refused=dict(problems.order_by("code")),
        returns_without_sale=int(fetch_all(_RETURNS_WITHOUT_SALE, [lines.PART_SIGN, channel, run.pk])[0][0]),
    )
