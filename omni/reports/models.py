"""No tables of its own: the right to read reports, which roles give (omni.desk.roles)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportAccess(models.Model):
    """Carries the permission `reports.read_reports`; there is no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("read_reports", _("Can read reports"))]
        verbose_name = _("report")
        verbose_name_plural = _("reports")

    def __str__(self) -> str:
        return "reports"
