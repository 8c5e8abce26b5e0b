"""Who may read reports, and of which stores."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from omni.core.api.callers import caller_of_user

PERMISSION = "reports.read_reports"


def readers_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A colleague who is signed in and has the right to read reports; others sign in, or are refused (403)."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or not user.is_active or not user.is_staff:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        if not user.has_perm(PERMISSION):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


def places_of(request: HttpRequest) -> frozenset[int] | None:
    """The stores that a colleague works at; None for all."""
    assert isinstance(request.user, User)
    return caller_of_user(request.user).places
