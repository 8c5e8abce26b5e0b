"""What the pages of this room share: ask for a few values, call a use case, tell what came of it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from omni.core.api.callers import Caller, caller_of_user
from omni.core.errors import DomainError

Text = str | Promise


def caller(request: HttpRequest) -> Caller:
    assert isinstance(request.user, User)
    return caller_of_user(request.user)


def ask(
    request: HttpRequest,
    *,
    title: Text,
    about: Text,
    form: type[forms.Form],
    initial: dict[str, Any] | None = None,
    back: str,
    do: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    """A page with a form; its values go to `do`, whose refusal is told beside the form and changes nothing."""
    asked = form(request.POST or None, initial=initial)
    if request.method == "POST" and asked.is_valid():
        try:
            with transaction.atomic():
                do(asked.cleaned_data)
        except DomainError as refusal:
            asked.add_error(None, str(refusal.message))
        else:
            messages.success(request, _("Done."))
            return HttpResponseRedirect(back)
    context = {**admin.site.each_context(request), "title": title, "about": about, "form": asked, "back": back}
    return TemplateResponse(request, "catalog/ask.html", context)
