"""What holds for every request and every answer, whichever page or endpoint it is."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from omni.core.api.errors import error_body, under_api

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

# The desk's pages: scripts and styles of our own and those written into the page by the admin, whose little
# programs are evaluated in the browser; nothing from elsewhere, nothing sent elsewhere, framed by nobody.
PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
ANSWERS = "default-src 'none'; frame-ancestors 'none'"


def in_utf8(application: Wsgi) -> Wsgi:
    """A WSGI application whose requests are all read as UTF-8.

    Django reads a request in whatever charset its Content-Type claims, before any middleware: with one that is a
    codec of bytes (`zlib_codec`) it fails there.
    """

    def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "")
        if "charset" in kind.lower():
            environ["CONTENT_TYPE"] = "; ".join(
                part for part in kind.split(";") if not part.strip().lower().startswith("charset")
            )
        return application(environ, start_response)

    return run


class Guard:
    """Refuses addresses that hold a NUL, which no database keeps, and tells browsers what a page may load and where
    it may send."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or ("%00" in asked and b"\0" in unquote_to_bytes(asked)):
            answer: HttpResponseBase = _refused(request)
        else:
            answer = self.get_response(request)
        if "Content-Security-Policy" not in answer.headers:
            html = answer.headers.get("Content-Type", "").startswith("text/html")
            answer.headers["Content-Security-Policy"] = PAGES if html else ANSWERS
        return answer


def _refused(request: HttpRequest) -> HttpResponse:
    if not under_api(request):
        return render(request, "400.html", status=400)
    told = error_body("bad_text", _("The address holds a NUL character, which no text has."))
    return JsonResponse(told, status=400)
