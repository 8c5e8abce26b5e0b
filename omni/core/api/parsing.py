"""Request bodies: JSON in UTF-8 of a bounded depth, holding nothing that the database could not keep."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.http.request import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import JSONParser

from omni.core.errors import BadRequest, Unprocessable

# Deeper than any request of ours, and far from what exhausts the stack.
MOST_DEPTH = 30
# More digits than any number that we keep, and few enough to be read at once.
MOST_DIGITS = 40


class Malformed(BadRequest):
    code = "parse_error"
    message = _("The body is not JSON in UTF-8.")


class TooDeep(BadRequest):
    code = "too_deep"
    message = _("The body holds lists or objects in one another too deeply.")


class BadText(Unprocessable):
    code = "bad_text"
    message = _("Text holds a NUL character or half of a character pair, which no text has.")


class TooLarge(BadRequest):
    status = 413
    code = "too_large"
    message = _("The body is too large.")


class PlainJson(JSONParser):
    """JSON whatever charset the request claims, as RFC 8259 has it, without NaN and without infinities.

    Raises Malformed, TooDeep (400) and BadText (422).
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            told = json.loads(
                stream.read().decode("utf-8-sig"), parse_constant=_refuse, parse_float=_finite, parse_int=_bounded
            )
        except RecursionError:
            raise TooDeep from None
        except ValueError:
            raise Malformed from None
        _check(told)
        return told


def refuse_large(request: HttpRequest) -> None:
    """Refuse a body above DATA_UPLOAD_MAX_MEMORY_SIZE before any of it is read. Raises TooLarge (413)."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if most is not None and str(told).isdecimal() and int(told) > most:
        raise TooLarge(details={"most": most})


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text[:40])
    return number


def _bounded(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(text[:40])
    return int(text)


def _check(told: Any) -> None:
    """Goes down level by level, so that it cannot run out of stack itself."""
    level = [told]
    for _depth in range(MOST_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                below += [*value, *value.values()]
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise TooDeep


def _check_text(text: str) -> None:
    # Text of plain ASCII cannot hold half a pair, and is most of what comes.
    if "\0" in text or not (text.isascii() or _encodable(text)):
        raise BadText


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
