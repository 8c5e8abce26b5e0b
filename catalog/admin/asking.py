"""What the pages of this room share: ask for a few values, call a use case, tell what came of it."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from omni.core.api.callers import Caller, caller_of_user
from omni.core.errors import DomainError
from omni.core.money import show

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


def table(head: Sequence[Text], rows: Iterable[Sequence[object]]) -> SafeString:
    """A plain table for a read-only field; everything in it is escaped."""
    told = [format_html_join("", "<td class='pr-4'>{}</td>", ((_cell(cell),) for cell in row)) for row in rows]
    if not told:
        return format_html("{}", _("Nothing yet."))
    return format_html(
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        format_html_join("", "<th class='pr-4' scope='col'>{}</th>", ((cell,) for cell in head)),
        format_html_join("", "<tr>{}</tr>", ((row,) for row in told)),
    )


def amount(minor: int | None, currency: str) -> str:
    return "–" if minor is None else show(minor, currency, get_language() or "vi")


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    return "–" if value in (None, "") else value
