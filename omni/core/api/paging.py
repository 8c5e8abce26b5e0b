"""Cursor paging for every list: `?cursor=&limit=` -> {"results": [...], "next": "..." | null}."""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from omni.core.errors import BadRequest

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
# Ours are far shorter; a long one could only be made to exhaust us.
LONGEST_CURSOR = 500


class BadCursor(BadRequest):
    message = _("This cursor is not one of ours. Start again without it.")

    def __init__(self) -> None:
        super().__init__(param="cursor")


def limit_of(request: Request) -> int:
    """How many rows the caller wants: 50 by default, above 200 counts as 200; anything else is 400."""
    told = request.query_params.get("limit")
    if told is None or told == "":
        return DEFAULT_LIMIT
    if not (told.isascii() and told.isdigit()) or not told.strip("0"):
        raise BadRequest(_("limit is a whole number from 1 to 200."), param="limit")
    return int(told) if len(told.lstrip("0")) < 4 and int(told) < MAX_LIMIT else MAX_LIMIT


def page_of(
    request: Request,
    rows: QuerySet[Any],
    show: Callable[[list[Any]], list[Any]],
    *,
    order: tuple[str, ...] = ("-id",),
) -> dict[str, Any]:
    """One page of `rows` in a total order of plain columns (the last one unique), without counting them all.

    `show` turns the page's rows into what the answer holds, all at once so that it may load what belongs to
    them in one go. The cursor holds the last row's ordering values.
    """
    limit = limit_of(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        rows = rows.filter(_after(order, _typed(rows.model, order, decode_cursor(cursor, len(order)))))
    found = list(rows.order_by(*order)[: limit + 1])
    page = found[:limit]
    more = len(found) > limit
    return {"results": show(page), "next": encode_cursor(_values(page[-1], order)) if more else None}


def encode_cursor(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """The plain values (numbers and texts) that a cursor holds, `size` of them. Raises BadCursor (400)."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor[:LONGEST_CURSOR] + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, UnicodeDecodeError):
        raise BadCursor from None
    if not isinstance(values, list) or len(values) != size or not all(_is_plain(value) for value in values):
        raise BadCursor
    return values


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return value.isprintable()
    return type(value) is int and -(2**63) <= value < 2**63


def _values(row: Model, order: tuple[str, ...]) -> list[Any]:
    values = []
    for name in order:
        value = getattr(row, name.lstrip("-"))
        values.append(value.isoformat() if hasattr(value, "isoformat") else value)
    return values


def _typed(model: type[Model], order: tuple[str, ...], values: list[Any]) -> list[Any]:
    """The cursor's values as the columns hold them. Raises BadCursor for what they cannot hold."""
    typed = []
    for name, value in zip(order, values, strict=True):
        column = model._meta.get_field(name.lstrip("-"))
        assert isinstance(column, Field)
        try:
            held = column.to_python(value)
        except (ValidationError, TypeError, ValueError):
            raise BadCursor from None
        if isinstance(held, datetime) and held.tzinfo is None:
            raise BadCursor
        typed.append(held)
    return typed


def _after(order: tuple[str, ...], values: list[Any]) -> Q:
    condition = Q()
    equal = Q()
    for name, value in zip(order, values, strict=True):
        column, beyond = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{column}__{beyond}": value})
        equal &= Q(**{column: value})
    return condition
