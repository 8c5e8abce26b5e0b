"""Admin pages show amounts with their currency and data in words; a subclass says which fields are money."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import JSONField
from django.http import HttpRequest

from omni.core.showing import money, record

_PREFIX = "shown_"


def _currency(row: Any, paths: tuple[str, ...]) -> str:
    """The first currency that one of the paths leads to."""
    for path in paths:
        found = row
        for name in path.split("."):
            found = getattr(found, name, None)
        if found:
            return str(found)
    return ""


class Readable:
    """Read-only fields named in `money` are shown with their currency, and JSON fields as lists and tables.

    `currency_at` are paths of names from the row to its currency; the first that leads somewhere counts. Mixed
    into admins and inlines, before Unfold's own classes.
    """

    money: tuple[str, ...] = ()
    currency_at: tuple[str, ...] = ("currency",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {field.name: field for field in self.model._meta.get_fields()}  # type: ignore[attr-defined]
        data = [name for name, field in fields.items() if isinstance(field, JSONField)]
        self._shown = frozenset([*self.money, *data])
        for name in self._shown:
            method = self._money_of(name) if name in self.money else self._record_of(name)
            setattr(self, _PREFIX + name, admin.display(description=fields[name].verbose_name, ordering=name)(method))

    def _money_of(self, name: str) -> Callable[[Any], str]:
        return lambda row: money(getattr(row, name), _currency(row, self.currency_at))

    def _record_of(self, name: str) -> Callable[[Any], str]:
        return lambda row: record(getattr(row, name), _currency(row, self.currency_at))

    def _only_read(self, request: HttpRequest, obj: Any) -> frozenset[str]:
        """Which of the fields shown in words are not typed in by this reader."""
        if not self.has_change_permission(request, obj):  # type: ignore[attr-defined]
            return self._shown if obj is not None else frozenset()
        return self._shown & {str(name) for name in super().get_readonly_fields(request, obj)}  # type: ignore[misc]

    def _renamed(self, request: HttpRequest, obj: Any, names: Any) -> list[Any]:
        read = self._only_read(request, obj)
        return [_PREFIX + name if name in read else name for name in names]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        names = super().get_list_display(request)  # type: ignore[misc]
        return [_PREFIX + name if name in self._shown else name for name in names]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = list(super().get_readonly_fields(request, obj))  # type: ignore[misc]
        read = self._only_read(request, obj)
        return [*self._renamed(request, obj, names), *(_PREFIX + name for name in read if name not in names)]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str] | None:
        told = super().get_exclude(request, obj)  # type: ignore[misc]
        read = self._only_read(request, obj)
        return [*(told or ()), *sorted(read)] if read else told

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        found = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return [
            (title, {**options, "fields": self._renamed(request, obj, flatten_fieldsets([(title, options)]))})
            for title, options in found
        ]
