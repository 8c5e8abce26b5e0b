"""Answers that a reader may already have: an ETag over what they would get, and 304 where it is the same."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language
from rest_framework.request import Request
from rest_framework.response import Response


def answer(request: Request, data: Mapping[str, Any]) -> Response:
    """200 with an ETag, or 304 without a body where If-None-Match names it (RFC 9110, 13.1.2)."""
    told = json.dumps([get_language(), data], sort_keys=True, cls=DjangoJSONEncoder)
    tag = f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization"}
    known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status=304, headers=headers)
    return Response(data, headers=headers)
