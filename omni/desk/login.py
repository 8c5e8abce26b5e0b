"""Signing in to the desk: wrong passwords are counted, by whose they are and by where they come from."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from omni.core.errors import TooMany
from omni.core.limits import address_of, hit, refuse_above
from omni.core.secrets import fingerprint

SECONDS = 600
# Of one name from one address; of one name; from one address, behind which a whole store may sit.
MOST_HERE, MOST_OF_NAME, MOST_FROM = 10, 100, 100


class CountedLogin(AuthenticationForm):  # type: ignore[misc]
    """The desk's sign-in form. After too many wrong passwords it does not even look at the next one."""

    def clean(self) -> dict[str, Any]:
        limits = self._limits()
        try:
            for bucket, limit in limits:
                refuse_above(bucket, limit=limit, seconds=SECONDS)
        except TooMany as refusal:
            minutes = int(refusal.details["retry_after"]) // 60 + 1
            told = _("Too many wrong passwords. Try again in %(minutes)d minutes.") % {"minutes": minutes}
            raise ValidationError(told, code="too_many") from None
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            for bucket, limit in limits:
                # Far above, so that counting refuses nothing itself.
                hit(bucket, limit=limit * 1000, seconds=SECONDS)
            raise
        return cleaned

    def _limits(self) -> list[tuple[str, int]]:
        name = fingerprint("limit", str(self.cleaned_data.get("username", "")).strip().lower())[:40]
        here = address_of(self.request) if self.request else ""
        return [
            (f"login:{name}@{here}", MOST_HERE),
            (f"login-of:{name}", MOST_OF_NAME),
            (f"login-by:{here}", MOST_FROM),
        ]
