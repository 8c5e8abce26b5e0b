"""Requests that may be repeated: the first answer is kept in the transaction that made it, and told again."""

import hashlib
from collections.abc import Callable

from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from omni.core import clock
from omni.core.api.callers import Caller
from omni.core.errors import BadRequest, Conflict, DomainError, Unprocessable
from omni.core.models import KeptAnswer


class KeyRequired(BadRequest):
    code = "idempotency_key_required"
    message = _("Send an Idempotency-Key header: a new random value for each new intention.")


class KeyMismatch(Unprocessable):
    code = "idempotency_mismatch"
    message = _("This Idempotency-Key was used with another request. Send a new one.")


class InProgress(Conflict):
    code = "in_progress"
    message = _("The first request with this Idempotency-Key is still running. Try again in a moment.")


def run_once(request: Request, handler: Callable[[], Response]) -> HttpResponseBase:
    """Run `handler` in one transaction with the row that keeps its answer.

    A repeat gets the first answer byte for byte with `Idempotent-Replay: true`. A refusal rolls all back and
    frees the key, except that refusals which keep their writes are committed first. Only 2xx are kept.
    Raises KeyRequired, KeyMismatch and InProgress. Holds an advisory lock on the key while it runs.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        raise KeyRequired
    if len(key) > 200:
        raise BadRequest(_("An Idempotency-Key has at most 200 characters."))
    caller = request.user
    assert isinstance(caller, Caller)
    scope = {"caller": caller.id, "method": str(request.method), "path": request.path[:300], "key": key}
    # `?preview=true` asks for something else than the same body without it.
    asked = request._request.META.get("QUERY_STRING", "").encode()
    body_hash = hashlib.sha256((b"?" + asked + b"\n" if asked else b"") + request._request.body).hexdigest()
    kept_refusal: DomainError | None = None
    with transaction.atomic():
        if not _try_lock("\n".join(scope.values())):
            raise InProgress
        kept = KeptAnswer.objects.filter(**scope).first()
        if kept is not None:
            if kept.request_hash != body_hash:
                raise KeyMismatch
            return _answer(kept.status, kept.body, replay=True)
        try:
            response = handler()
        except DomainError as refusal:
            if not refusal.keeps_writes:
                raise
            kept_refusal = refusal
        else:
            body = JSONRenderer().render(response.data).decode() if response.data is not None else ""
            if 200 <= response.status_code < 300:
                KeptAnswer.objects.create(
                    **scope,
                    request_hash=body_hash,
                    status=response.status_code,
                    body=body,
                    created_at=clock.now(),
                )
            else:
                transaction.set_rollback(True)
    if kept_refusal is not None:
        raise kept_refusal
    return _answer(response.status_code, body, replay=False)


def _try_lock(scope: str) -> bool:
    number = int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _answer(status: int, body: str, *, replay: bool) -> HttpResponse:
    answer = HttpResponse(body, status=status, content_type="application/json")
    if replay:
        answer["Idempotent-Replay"] = "true"
    return answer
