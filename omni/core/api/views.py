"""The base of every API view."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from omni.core.api.callers import Caller
from omni.core.api.idempotency import run_once
from omni.core.api.parsing import refuse_large
from omni.core.api.permissions import Access
from omni.core.errors import DomainError


class ApiView(APIView):
    """A view that says who may call it (`access`) and which of its methods need an Idempotency-Key.

    Every unsafe method runs in one transaction; a refusal rolls it back, unless the refusal keeps its writes.
    """

    access: ClassVar[dict[str, Access]] = {}
    idempotent: ClassVar[set[str]] = set()
    # Methods that open their own transactions, because they must do something outside one.
    unwrapped: ClassVar[set[str]] = set()

    @property
    def caller(self) -> Caller:
        """Who calls; only for methods that are not public."""
        caller = self.request.user
        assert isinstance(caller, Caller)
        return caller

    def read(self, serializer: type[BaseSerializer[Any]], data: Any = None) -> Any:
        """The request's body (or query), checked; a complaint answers 400 with the field's path."""
        checked = serializer(data=self.request.data if data is None else data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = str(request.method).lower()
        # Only what is a method of HTTP: a request may call itself anything, also after something of ours.
        own = getattr(self, method, None) if method in self.http_method_names else None
        if own is not None and method not in {"get", "head", "options"}:
            setattr(self, method, self._wrapped(method.upper(), own))
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        # Answers are about people and money: nothing between us and the caller keeps them unless told so.
        if "Cache-Control" not in answer.headers:
            answer.headers["Cache-Control"] = "no-store"
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        refuse_large(request._request)
        super().initial(request, *args, **kwargs)

    def _wrapped(self, method: str, own: Callable[..., Response]) -> Callable[..., HttpResponseBase]:
        def run(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            self.before(request)
            try:
                if method in self.idempotent:
                    return run_once(request, lambda: own(request, *args, **kwargs))
                if method in self.unwrapped:
                    return own(request, *args, **kwargs)
                return _in_one_transaction(lambda: own(request, *args, **kwargs))
            except DomainError as refusal:
                self.after_refusal(refusal)
                raise

        return run

    def before(self, request: Request) -> None:
        """Before the transaction of an unsafe method opens: for limits, which a refusal must not undo."""

    def after_refusal(self, refusal: DomainError) -> None:
        """After the transaction of a refused unsafe method was rolled back: to count what was tried."""


def _in_one_transaction(handler: Callable[[], Response]) -> Response:
    kept_refusal: DomainError | None = None
    with transaction.atomic():
        try:
            return handler()
        except DomainError as refusal:
            if not refusal.keeps_writes:
                raise
            kept_refusal = refusal
    raise kept_refusal
