"""What every page of the shop floor has: a permission, the store that the colleague stands in, its frame."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from omni.core.api.callers import Caller, caller_of_user
from omni.core.models import Location
from omni.desk.floor.once import new_key

CHOSEN = "floor_store"


def caller_of(request: HttpRequest) -> Caller:
    """The colleague as a caller of use cases."""
    assert isinstance(request.user, User)
    return caller_of_user(request.user)


def my_stores(request: HttpRequest) -> list[Location]:
    """The stores that this colleague may work in."""
    caller = caller_of(request)
    stores = Location.objects.filter(active=True)
    return list(stores if caller.places is None else stores.filter(pk__in=caller.places))


def chosen_store(request: HttpRequest) -> Location | None:
    """The store chosen in this session, as long as the colleague may still work there; alone, it needs no choice."""
    stores = my_stores(request)
    if len(stores) == 1:
        return stores[0]
    return next((store for store in stores if store.pk == request.session.get(CHOSEN)), None)


def floor_page(permission: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view that takes the chosen store: 403 without the permission, the menu to choose where none is chosen."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require(request, permission)
            store = chosen_store(request)
            if store is None:
                return redirect("admin:floor")
            return view(request, store, *args, **kwargs)

        return checked

    return decorate


def require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def show(request: HttpRequest, template: str, *, title: str, **context: Any) -> HttpResponse:
    """A floor page with a fresh key for its action."""
    frame = {
        **admin.site.each_context(request),
        "title": title,
        "key": new_key(),
        "back_to_menu": template != "menu",
        **context,
    }
    return render(request, f"floor/{template}.html", frame)
