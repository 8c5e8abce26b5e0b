"""One-time codes for a phone or e-mail: asked now, made at the moment of sending, tried five times at most."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from customers.models import SignInCode
from customers.normalise import identifier
from omni.core.db import write
from omni.core.errors import Conflict, Forbidden
from omni.core.limits import hit
from omni.core.models import Channel
from omni.core.outbox import Change, note
from omni.core.secrets import fingerprint, new_digits, same

LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5


class WrongCode(Forbidden):
    code = "wrong_code"
    message = _("This code is wrong or too old. Ask for a new one.")
    keeps_writes = True


class CodeOver(Conflict):
    code = "code_over"
    message = _("This code was used already.")


def limit_asking(*, value: str, caller: str) -> None:
    """Count one request for a code, by who it goes to and by who asks. Raises TooMany (429)."""
    hit(f"otp-to:{fingerprint('limit', value)[:40]}", limit=5, seconds=600)
    hit(f"otp-by:{caller}", limit=100, seconds=600)


def limit_trying(*, value: str, caller: str) -> None:
    """Count one try of a code, by whose it is and by who tries. Raises TooMany (429)."""
    hit(f"code-of:{fingerprint('limit', value)[:40]}", limit=30, seconds=600)
    hit(f"code-by:{caller}", limit=200, seconds=600)


def ask_code(*, kind: str, value: str, channel: Channel, now: datetime) -> SignInCode:
    """Ask for a code to be sent to a phone or e-mail, whoever that is. Raises BadPhone or BadEmail (422).

    The code itself does not exist until `make_code`, so that no stored row or message holds one.
    """
    own = identifier(kind, value)
    with write():
        row = SignInCode.objects.create(
            kind=kind,
            # Where it is sent: the address as it is written.
            value=own.written or own.value,
            key=own.value,
            channel=channel,
            asked_at=now,
            expires_at=now + LIFETIME,
        )
        note([Change("sign_in.asked", str(row.pk))], now=now)
        return row


def make_code(*, sign_in_code_id: int, now: datetime) -> tuple[str, SignInCode]:
    """Make the code, at the moment of sending and only then; those made before for the same address end.

    Returns six digits, good for ten minutes. Raises CodeOver (409) if one was used. Locks the row.
    """
    with write():
        row = SignInCode.objects.select_for_update(no_key=True).get(pk=sign_in_code_id)
        if row.used_at is not None:
            raise CodeOver
        sent = SignInCode.objects.filter(kind=row.kind, key=row.key, used_at=None, sent_at__isnull=False)
        sent.filter(expires_at__gt=now).exclude(pk=row.pk).update(expires_at=now)
        code = new_digits(6)
        row.fingerprint = _fingerprint(row, code)
        row.sent_at, row.expires_at, row.wrong_tries = now, now + LIFETIME, 0
        row.save(update_fields=["fingerprint", "sent_at", "expires_at", "wrong_tries"])
        return code, row


def find_code(*, kind: str, value: str, code: str, now: datetime) -> SignInCode | None:
    """The live code of this address if `code` is it, else None; a wrong try is counted. Locks the row.

    `value` is normalised. The same work is done where there is none, so that time tells nothing.
    """
    live = SignInCode.objects.filter(kind=kind, key=value, used_at=None, expires_at__gt=now, sent_at__isnull=False)
    candidates = list(live.order_by("-id").select_for_update(no_key=True)[:1])
    row = candidates[0] if candidates else SignInCode(pk=0)
    right = same(_fingerprint(row, code.strip()), row.fingerprint)
    if not candidates or row.wrong_tries >= MOST_TRIES:
        return None
    if not right:
        row.wrong_tries += 1
        row.save(update_fields=["wrong_tries"])
        return None
    return row


def use_code(row: SignInCode, *, now: datetime) -> None:
    """A right code works once."""
    row.used_at = now
    row.save(update_fields=["used_at"])


def _fingerprint(row: SignInCode, code: str) -> str:
    return fingerprint("sign_in", f"{row.pk}:{code}")
