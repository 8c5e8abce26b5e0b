"""Actions of the floor happen once: a page is drawn with a key, and a repeat of the same form with the same key
gets the first answer. So a lost connection or a second tap does no harm."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from omni.core import clock
from omni.core.errors import DomainError
from omni.core.models import KeptAnswer


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action, in words, and which page comes next."""

    good: bool
    words: str
    next: str


def new_key() -> str:
    return secrets.token_urlsafe(18)


def act_once(
    request: HttpRequest, act: Callable[[], Outcome], *, explain: Callable[[DomainError], str]
) -> HttpResponse:
    """Run `act` in one transaction with the row that keeps its outcome, tell the outcome and go to its next page.

    A refusal (DomainError) rolls all back and is told by `explain`; one that keeps its writes (a wrong code is
    counted) is kept like an answer, so that a resend does not count twice. Holds an advisory lock on the key.
    """
    outcome = _run(request, act, explain)
    (messages.success if outcome.good else messages.error)(request, outcome.words)
    return redirect(outcome.next)


def _run(request: HttpRequest, act: Callable[[], Outcome], explain: Callable[[DomainError], str]) -> Outcome:
    here = request.get_full_path()
    key = request.POST.get("key", "")
    typed = "".join(value for values in request.POST.lists() for value in values[1])
    if not 16 <= len(key) <= 100 or "\0" in typed:
        return Outcome(False, _("This page was too old. It is drawn anew: try again."), here)
    scope = {"caller": f"floor:{request.user.pk}", "method": "POST", "path": request.path[:300], "key": key}
    told = _fingerprint(request)
    try:
        with transaction.atomic():
            if not _try_lock("\n".join(scope.values())):
                return Outcome(False, _("The first tap is still on its way. Wait a moment and look again."), here)
            kept = KeptAnswer.objects.filter(**scope).first()
            if kept is not None:
                return _again(kept, told, here)
            try:
                outcome = act()
            except DomainError as refusal:
                if not refusal.keeps_writes:
                    raise
                outcome = Outcome(False, explain(refusal), here)
            KeptAnswer.objects.create(
                **scope, request_hash=told, status=200, body=json.dumps(asdict(outcome)), created_at=clock.now()
            )
            return outcome
    except DomainError as refusal:
        return Outcome(False, explain(refusal), here)


def _again(kept: KeptAnswer, told: str, here: str) -> Outcome:
    if kept.request_hash != told:
        return Outcome(False, _("This page was used already. It is drawn anew: try again."), here)
    return Outcome(**json.loads(kept.body))


def _fingerprint(request: HttpRequest) -> str:
    told = sorted((name, request.POST.getlist(name)) for name in request.POST if name != "csrfmiddlewaretoken")
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _try_lock(scope: str) -> bool:
    number = int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])
