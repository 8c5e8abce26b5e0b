"""How a request says who calls: a bearer token, or the session of a colleague who is in the admin."""

from django.contrib.auth.models import User
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from omni.core import clock
from omni.core.api.callers import Caller, caller_of_user
from omni.core.errors import Unauthenticated
from omni.core.keys import find_token
from omni.core.models import Token


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>` of any kind."""

    def authenticate(self, request: Request) -> tuple[Caller, Token] | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = find_token(value.strip(), now=clock.now())
        if token is None:
            raise Unauthenticated
        return _caller_of(token), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class StaffSession(SessionAuthentication):
    """The session of a signed-in colleague; unsafe methods need the CSRF token, as in the admin."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active or not user.is_staff:
            return None
        self.enforce_csrf(request)
        return caller_of_user(user), None


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerToken
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A channel key, customer or staff token."}


class StaffSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = StaffSession
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def _caller_of(token: Token) -> Caller:
    if token.kind == Token.Kind.STAFF:
        user = token.user
        if not isinstance(user, User) or not user.is_active or not user.is_staff:
            raise Unauthenticated
        return caller_of_user(user)
    if token.kind == Token.Kind.CUSTOMER:
        return Caller(
            kind="customer",
            id=f"customer:{token.source_record}",
            channel=token.channel,
            source_record=token.source_record,
        )
    return Caller(
        kind="key",
        id=f"key:{token.pk}",
        channel=token.channel,
        location=token.location,
        rights=frozenset(token.rights),
    )
