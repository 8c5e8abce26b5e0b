"""What every admin page builds on, and the admin of the floor's own models."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

from omni.core import models
from omni.core.readable import Readable


class EstimatingPaginator(Paginator[Any]):
    """Counts up to a bound and says no more: a full count of a million rows is what makes lists slow."""

    BOUND = 10_000

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


@admin.register(models.Location)
class LocationAdmin(SettingsAdmin):
    list_display = ["code", "name", "kind", "province", "can_pick_up", "can_ship", "active"]
    list_filter = ["kind", "active", "can_pick_up", "can_ship"]
    search_fields = ["code", "name", "address"]


@admin.register(models.Channel)
class ChannelAdmin(SettingsAdmin):
    list_display = ["code", "name", "kind", "stage", "adapter", "can_sell", "can_show", "can_message"]
    list_filter = ["kind", "stage"]
    search_fields = ["code", "name"]


@admin.register(models.Token)
class TokenAdmin(ReadMostlyAdmin):
    list_display = ["label", "kind", "channel", "location", "user", "created_at", "expires_at", "ended_at"]
    list_filter = ["kind", "channel"]
    list_select_related = ["channel", "location", "user"]
    search_fields = ["label"]
    exclude = ["fingerprint"]


@admin.register(models.StaffPlace)
class StaffPlaceAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["user", "location"]
    list_filter = ["location"]
    list_select_related = ["user", "location"]
    autocomplete_fields = ["user", "location"]


@admin.register(models.OutboxMessage)
class OutboxMessageAdmin(ReadMostlyAdmin):
    list_display = ["id", "kind", "key", "version", "created_at", "relayed_at", "attempts", "last_error"]
    list_filter = ["kind", ("relayed_at", admin.EmptyFieldListFilter)]
    search_fields = ["key"]


@admin.register(models.Hearing)
class HearingAdmin(ReadMostlyAdmin):
    list_display = ["message", "hearer", "heard_at"]
    list_select_related = ["message"]


@admin.register(models.KeptAnswer)
class KeptAnswerAdmin(ReadMostlyAdmin):
    list_display = ["id", "caller", "method", "path", "status", "created_at"]
    search_fields = ["key", "path"]


@admin.register(models.RateCounter)
class RateCounterAdmin(ReadMostlyAdmin):
    list_display = ["bucket", "window", "hits"]
    search_fields = ["bucket"]


@admin.register(models.ShopClock)
class ShopClockAdmin(ReadMostlyAdmin):
    list_display = ["id", "ahead"]


@admin.register(models.ImportRun)
class ImportRunAdmin(ReadMostlyAdmin):
    list_display = [
        "id",
        "kind",
        "file_name",
        "state",
        "step",
        "rows_total",
        "rows_taken",
        "rows_refused",
        "started_at",
    ]
    list_filter = ["kind", "state"]
    search_fields = ["file_name"]


@admin.register(models.ImportProblem)
class ImportProblemAdmin(ReadMostlyAdmin):
    list_display = ["run", "row", "column", "code", "value", "refused"]
    list_filter = ["code", "refused"]
    list_select_related = ["run"]
    search_fields = ["value"]
