"""The one search box."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from omni.core import clock
from omni.desk.finding import find as find_anything


@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """`?q=`: one exact hit opens its page, anything else is a page of what was found, by kind."""
    text = request.GET.get("q", "").strip()[:200]
    found = find_anything(text=text, user=request.user, now=clock.now())
    if found.exact:
        return redirect(found.exact)
    context = {**admin.site.each_context(request), "title": _("Find"), "q": text, "found": found}
    return render(request, "desk/find.html", context)
