"""Imports in the desk: how far a running one is, what was refused and why, and all of it as a file."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from omni.core.admin.base import ReadMostlyAdmin
from omni.core.models import ImportProblem, ImportRun
from omni.core.showing import NOTHING, record, table, word
from omni.core.text import safe_cell

# How many problems a page tells; the file has them all.
TOLD = 50


class _Line:
    """A file whose writes are handed straight on: csv writes into it, the answer streams what comes out."""

    def write(self, text: str) -> str:
        return text


@admin.register(ImportRun)
class ImportRunAdmin(ReadMostlyAdmin):
    list_display = ["file_name", "kind", "state", "how_far", "rows_taken", "rows_refused", "started_at", "ended_at"]
    list_filter = ["kind", "state"]
    search_fields = ["file_name"]
    readonly_fields = ["progress", "problems", "came_to"]
    fieldsets = [
        (None, {"fields": ["progress", "problems", "came_to"]}),
        (
            _("Record"),
            {"fields": ["kind", "file_name", "started_by", "started_at", "ended_at", "options", "file_hash"]},
        ),
    ]

    @admin.display(description=_("how far"))
    def how_far(self, run: ImportRun) -> str:
        return f"{percent(run)} %"

    @admin.display(description=_("progress"))
    def progress(self, run: ImportRun) -> SafeString:
        """The bar; a script of the desk fetches it anew while the import runs, and readers hear of it."""
        if _ended(run):
            return format_html('<div class="import-progress">{}</div>', _bar(run))
        address = reverse("admin:core_importrun_progress", args=[run.pk])
        frame = '<div class="import-progress" aria-live="polite" data-refresh="{}">{}</div>'
        return format_html(frame, address, _bar(run))

    @admin.display(description=_("problems"))
    def problems(self, run: ImportRun) -> SafeString:
        counts = run.problems.values_list("code", "refused").annotate(n=Count("pk")).order_by("-n", "code")
        kinds = [(word(code), gettext("refused") if refused else gettext("taken"), n) for code, refused, n in counts]
        if not kinds:
            return format_html("{}", gettext("None."))
        rows = run.problems.order_by("row", "column")[:TOLD]
        return format_html(
            '{}<p><a class="button" href="{}">{}</a></p>{}',
            table([_("problem"), _("row"), _("how many")], kinds),
            reverse("admin:core_importrun_problems", args=[run.pk]),
            gettext("All problems as CSV"),
            table(
                [_("row"), _("column"), _("problem"), _("value")],
                [(row.row, row.column, word(row.code), row.value) for row in rows],
            ),
        )

    @admin.display(description=_("what it came to"))
    def came_to(self, run: ImportRun) -> SafeString | str:
        return record(run.result, str(run.result.get("currency", ""))) if run.result else NOTHING

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:key>/progress/", wrap(self.progress_view), name="core_importrun_progress"),
            path("<int:key>/problems.csv", wrap(self.problems_view), name="core_importrun_problems"),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """The bar alone. An ended import says so in a header, and is asked about no more."""
        run = self._run(request, key)
        return HttpResponse(_bar(run), headers={"X-Ended": "1" if _ended(run) else "0", "Cache-Control": "no-store"})

    def problems_view(self, request: HttpRequest, key: int) -> StreamingHttpResponse:
        """Every problem, in the order of the file; UTF-8 with a byte order mark for spreadsheets."""
        run = self._run(request, key)
        name = f"import-{run.pk}-problems.csv"
        return StreamingHttpResponse(
            _problem_lines(run),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _run(self, request: HttpRequest, key: int) -> ImportRun:
        run = get_object_or_404(ImportRun, pk=key)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        return run


@admin.register(ImportProblem)
class ImportProblemAdmin(ReadMostlyAdmin):
    list_display = ["run", "row", "column", "problem", "value", "refused"]
    list_filter = ["refused"]
    list_select_related = ["run"]
    search_fields = ["=code"]
    readonly_fields = ["problem"]

    @admin.display(description=_("problem"), ordering="code")
    def problem(self, row: ImportProblem) -> str:
        return word(row.code)


def percent(run: ImportRun) -> int:
    """How much of the present step is done, 0 to 100; an import that is done is done."""
    if run.state == ImportRun.State.DONE:
        return 100
    return min(100, run.rows_done * 100 // run.rows_total) if run.rows_total else 0


def _ended(run: ImportRun) -> bool:
    return run.state in {ImportRun.State.DONE, ImportRun.State.FAILED}


def _bar(run: ImportRun) -> SafeString:
    numbers = {
        name: formats.number_format(getattr(run, f"rows_{name}"), force_grouping=True)
        for name in ("done", "total", "taken", "refused")
    }
    context: dict[str, Any] = {"run": run, "percent": percent(run), "ended": _ended(run), "step": word(run.step)}
    return render_to_string("desk/import_progress.html", context | numbers)


def _problem_lines(run: ImportRun) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(
        [gettext("row"), gettext("column"), gettext("code"), gettext("value"), gettext("refused")]
    )
    rows = run.problems.order_by("row", "column").values_list("row", "column", "code", "value", "refused")
    for row, column, code, value, refused in rows.iterator(chunk_size=2000):
        told = [row, safe_cell(column), code, safe_cell(value), gettext("yes") if refused else gettext("no")]
        yield writer.writerow(told)
