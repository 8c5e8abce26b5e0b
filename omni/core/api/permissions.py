"""Denied by default: a view says for each method which kinds of callers may call it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from omni.core.api.callers import Caller
from omni.core.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    # DRF reads this module while it loads its views.
    from rest_framework.views import APIView


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call one method of a view.

    `key`: any channel key (True), or one that holds the named right. `customer`: a customer, for their own
    things, which the view must see to. `staff`: the Django permission that a colleague needs. `public`: anybody.
    """

    key: bool | str = False
    customer: bool = False
    staff: str | None = None
    public: bool = False

    def allows(self, caller: Caller) -> bool:
        if self.public:
            return True
        if caller.is_staff:
            return self.staff is not None and caller.has_right(self.staff)
        if caller.is_customer:
            return self.customer
        return caller.has_right(self.key) if isinstance(self.key, str) else self.key


class MayCall(BasePermission):
    """Reads the view's `access` table; a method without an entry is open to nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        access: Access | None = getattr(view, "access", {}).get(_method(request))
        if access is not None and access.public:
            return True
        caller = request.user
        if not isinstance(caller, Caller):
            raise Unauthenticated
        if access is None and not hasattr(view, str(request.method).lower()):
            raise MethodNotAllowed(str(request.method))
        if access is None or not access.allows(caller):
            raise Forbidden
        return True


def _method(request: Request) -> str:
    return "GET" if request.method == "HEAD" else str(request.method)
