"""The pages of the reports: a list of them, each with its figures, and each as a file."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from omni.core import clock
from omni.core.models import Location
from omni.reports.access import places_of, readers_only
from omni.reports.base import Filters, Report, Table
from omni.reports.exports import as_csv, as_excel
from omni.reports.figures import show_days
from omni.reports.periods import COMPARISONS, DEFAULT_PRESET, PRESETS, BadPeriod, Period, compared_with, make_period
from omni.reports.registry import REPORTS

_FILES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader chose, put right where it was not a choice; `wrong` says what was."""

    period: Period
    comparison: str
    compare: Period | None
    filters: Filters
    wrong: str = ""


@require_GET
@readers_only
def index(request: HttpRequest) -> HttpResponse:
    """Every report with one line about it."""
    context = {**admin.site.each_context(request), "title": _("Reports"), "reports": list(REPORTS.values())}
    return render(request, "reports/index.html", context)


@require_GET
@readers_only
def show(request: HttpRequest, code: str) -> HttpResponse:
    """One report as a page, or as a file with `?format=csv` or `?format=xlsx`."""
    report = REPORTS.get(code)
    if report is None:
        raise Http404
    now = clock.now()
    asked = _asked(request, now)
    table = report.compute(asked.period, asked.compare, asked.filters, now=now)
    kind = request.GET.get("format", "")
    if kind in _FILES:
        return _file(report, table, asked, kind)
    template = f"reports/{report.code.replace('-', '_')}.html"
    return render(request, template, _context(request, report, table, asked))


def _asked(request: HttpRequest, now: datetime) -> Asked:
    told = request.GET
    wrong = ""
    try:
        # Two dates alone are a period too.
        code = told.get("period") or ("custom" if "from" in told else DEFAULT_PRESET)
        period = make_period(code, now=now, first=told.get("from", ""), last=told.get("to", ""))
    except BadPeriod:
        period = make_period(DEFAULT_PRESET, now=now)
        wrong = _("These dates are no period: the first day must not be after the last. Shown: the last 30 days.")
    comparison = told.get("compare", "before")
    if comparison not in COMPARISONS:
        comparison = "before"
    filters = Filters(
        places=places_of(request),
        history=told.get("history", "1") != "0",
        currency=told.get("currency", "").upper()[:3],
    )
    return Asked(period, comparison, compared_with(period, comparison, now=now), filters, wrong)


def _context(request: HttpRequest, report: Report, table: Table, asked: Asked) -> dict[str, Any]:
    compare = asked.compare
    return {
        **admin.site.each_context(request),
        "title": report.title,
        "report": report,
        "table": table,
        "asked": asked,
        "presets": PRESETS,
        "comparisons": COMPARISONS,
        "days": show_days(asked.period.first, asked.period.last),
        "days_before": show_days(compare.first, compare.last) if compare else "",
        "same_hour": compare is not None and compare.cut_at is not None,
        "stores": _store_names(asked.filters.places),
        "csv_query": _query(request, "csv"),
        "xlsx_query": _query(request, "xlsx"),
    }


def _store_names(places: frozenset[int] | None) -> list[str]:
    if places is None:
        return []
    return list(Location.objects.filter(pk__in=places).values_list("name", flat=True))


def _query(request: HttpRequest, kind: str) -> str:
    query = request.GET.copy()
    query["format"] = kind
    return query.urlencode()


def _file(report: Report, table: Table, asked: Asked, kind: str) -> HttpResponse:
    body = as_csv(table) if kind == "csv" else as_excel(report, table, asked.period, asked.compare)
    name = f"{report.code}-{asked.period.first}-{asked.period.last}.{kind}"
    return HttpResponse(
        body, content_type=_FILES[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
