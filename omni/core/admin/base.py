"""What every admin page builds on."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from omni.core.readable import Readable


class EstimatingPaginator(Paginator[Any]):
    """Counts up to a bound and says no more: a full count of a million rows is what makes lists slow."""

    BOUND = 2_000

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return len(rows.order_by().values_list("pk")[: self.BOUND])
        return len(rows)


class _Reading(ModelAdmin):  # type: ignore[misc]
    """What cannot be typed in is read; beneath Readable, which shows those fields in words."""

    may_change: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            field.name
            for field in self.model._meta.get_fields()
            if getattr(field, "editable", False) and not field.auto_created and field.name not in self.may_change
        ] + list(super().get_readonly_fields(request, obj))


class ReadMostlyAdmin(Readable, _Reading):
    """History is not typed in: no adding, changing or deleting by form; actions call the use cases.

    A subclass lists in `may_change` the few fields that are settings rather than history.
    """

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj)) if self.may_change else False


class SettingsAdmin(Readable, ModelAdmin):  # type: ignore[misc]
    """Set-up data that managers edit by form; nothing is deleted that history points at."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
