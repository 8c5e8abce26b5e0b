"""Every report of the shop; a new one is one file, one template and one line here."""

from omni.reports.base import Report
from omni.reports.sales_by_channel import SalesByChannel

REPORTS: dict[str, Report] = {report.code: report for report in (SalesByChannel(),)}
