"""The errors that use cases raise: each carries a code that callers may rely on and says what to do.

An error class lives beside the function that raises it and derives from one of these, which give it its
HTTP status. `message` may be lazy, so it is told in the reader's language.
"""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Message = str | Promise


class DomainError(Exception):
    """A refusal with a code.

    `keeps_writes` marks the few refusals whose own trace must survive (a wrong try is counted): the
    transaction is committed, and then the refusal is told.
    """

    status: ClassVar[int] = 409
    code: str = "conflict"
    message: Message = _("This cannot be done now.")
    keeps_writes: ClassVar[bool] = False

    def __init__(
        self,
        message: Message | None = None,
        *,
        code: str | None = None,
        param: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        self.message = message if message is not None else type(self).message
        self.code = code or type(self).code
        self.param = param
        self.details = details or {}
        super().__init__(self.code)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class BadRequest(DomainError):
    """400: missing, wrongly typed or malformed."""

    status = 400
    code = "bad_request"
    message = _("The request is missing something or is malformed.")


class Unauthenticated(DomainError):
    """401: no caller, or one that we no longer know."""

    status = 401
    code = "unauthenticated"
    message = _("Sign in, or send a key: Authorization: Bearer <token>.")


class Forbidden(DomainError):
    """403: a known caller with too little right."""

    status = 403
    code = "forbidden"
    message = _("You may not do this. Ask a manager for the right.")


class NotFound(DomainError):
    """404: not there, or not for this caller to know of."""

    status = 404
    code = "not_found"
    message = _("There is no such thing here.")


class Conflict(DomainError):
    """409: a rule of the business in its present state."""


class Unprocessable(DomainError):
    """422: a value that can never be right."""

    status = 422
    code = "invalid"
    message = _("This value can never be right.")


class Locked(DomainError):
    """423: locked until somebody unlocks it."""

    status = 423
    code = "locked"
    message = _("This is locked. A manager can unlock it.")


class TooMany(DomainError):
    """429: too often; `details.retry_after` in seconds, also sent as Retry-After."""

    status = 429
    code = "too_many"
    message = _("Too many tries. Wait a little and try again.")
