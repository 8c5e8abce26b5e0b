"""Every refusal leaves the API in one shape: {"error": {"code", "message", "param", "details"}}."""

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response

from omni.core.errors import DomainError

logger = logging.getLogger(__name__)


def error_body(code: str, message: str, param: str | None = None, details: Any = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": param, "details": details or {}}}


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: whatever was raised, in our shape; None lets a real defect become a 500."""
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, exceptions.ValidationError):
        code, message, param = _first_validation(error.detail)
        return Response(error_body(code, message, param, {"fields": error.detail}), status=400)
    if isinstance(error, Http404 | exceptions.NotFound):
        return Response(error_body("not_found", _("There is no such thing here.")), status=404)
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return Response(error_body("forbidden", _("You may not do this. Ask a manager for the right.")), status=403)
    if isinstance(error, exceptions.APIException):
        detail = error.detail if isinstance(error.detail, str) else str(error)
        code = getattr(error.detail, "code", None) or error.default_code
        return Response(error_body(str(code), str(detail)), status=error.status_code, headers=_headers(error))
    if isinstance(error, RequestDataTooBig):
        return Response(error_body("too_large", _("The body is too large.")), status=413)
    if isinstance(error, SuspiciousOperation):
        return Response(error_body("bad_request", _("The request is missing something or is malformed.")), status=400)
    if isinstance(error, IntegrityError):
        return Response(_constraint(error), status=status.HTTP_409_CONFLICT)
    if isinstance(error, DataError):
        return Response(error_body("out_of_range", _("A value is too long or too large.")), status=422)
    if isinstance(error, OperationalError) and _is_lock_wait(error):
        return Response(
            error_body("busy", _("Somebody else is changing this. Try again in a moment.")),
            status=409,
            headers={"Retry-After": "1"},
        )
    return None


def under_api(request: HttpRequest) -> bool:
    """Whether programs read the answer, so that it must be JSON whatever goes wrong."""
    return request.path_info.startswith("/api/")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: under /api/ in the one shape, else a page; nothing of the defect leaks."""
    if not under_api(request):
        return defaults.server_error(request)
    told = error_body("server_error", _("Something went wrong here. It was logged; try again."))
    return JsonResponse(told, status=500)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for an address that nothing answers to."""
    if not under_api(request):
        return defaults.page_not_found(request, exception)
    return JsonResponse(error_body("not_found", _("There is no such thing here.")), status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 that something before the views told."""
    if not under_api(request):
        return defaults.permission_denied(request, exception)
    told = error_body("forbidden", _("You may not do this. Ask a manager for the right."))
    return JsonResponse(told, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 that something before the views told, as for a strange host."""
    if not under_api(request):
        return defaults.bad_request(request, exception)
    told = error_body("bad_request", _("The request is missing something or is malformed."))
    return JsonResponse(told, status=400)


def _domain(error: DomainError) -> Response:
    headers = {"Retry-After": str(error.details["retry_after"])} if "retry_after" in error.details else {}
    if error.status == status.HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        error_body(error.code, str(error.message), error.param, error.details),
        status=error.status,
        headers=headers,
    )


def _headers(error: exceptions.APIException) -> dict[str, str] | None:
    wait = getattr(error, "wait", None)
    return {"Retry-After": str(int(wait) + 1)} if wait else None


def _constraint(error: IntegrityError) -> dict[str, Any]:
    diagnostics = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or "constraint"
    logger.warning("Constraint %s refused a write.", name)
    return error_body("conflict", _("This contradicts what is already there."), None, {"constraint": name})


def _is_lock_wait(error: OperationalError) -> bool:
    # 55P03 lock_not_available, 40P01 deadlock_detected, 40001 serialization_failure
    return getattr(error.__cause__, "sqlstate", None) in {"55P03", "40P01", "40001"}


def _first_validation(detail: Any, path: str = "") -> tuple[str, str, str | None]:
    """The first complaint of a serializer: its code, words and where, as `lines[0].sku`."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            if value:
                # A list inside a body complains under the number of its item.
                step = f"[{key}]" if isinstance(key, int) else f".{key}" if path else str(key)
                own = path if key == "non_field_errors" else f"{path}{step}"
                return _first_validation(value, own)
    if isinstance(detail, list):
        for index, value in enumerate(detail):
            if isinstance(value, dict | list):
                if value:
                    return _first_validation(value, f"{path}[{index}]")
            else:
                return str(getattr(value, "code", None) or "invalid"), str(value), path or None
    return str(getattr(detail, "code", None) or "invalid"), str(detail), path or None
